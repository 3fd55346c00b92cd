"""The server: one entry script behind compression, security headers and a gate for files.

The script lies apart from `pages/`, so no page can run before it and its access check.
"""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Route

from crm_core.ui.file_gate import FileGate
from crm_core.ui.headers import STATIC_FILES, SecurityHeaders, to_the_start

app = st.App(
    "crm_core/ui/main.py",
    routes=[Mount("/app/static", STATIC_FILES), Route("/overview", to_the_start)],
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(FileGate),
        Middleware(GZipMiddleware, minimum_size=1000),
    ],
)
