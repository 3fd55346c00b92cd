"""The server: one entry script behind compression, security headers and a gate for files.

The script lies apart from `pages/`, so no page can run before it and its access check.
"""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from crm_core.ui.file_gate import FileGate
from crm_core.ui.headers import ROUTES, SecurityHeaders

app = st.App(
    "crm_core/ui/main.py",
    routes=ROUTES,
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(FileGate),
        Middleware(GZipMiddleware, minimum_size=1000),
    ],
)
