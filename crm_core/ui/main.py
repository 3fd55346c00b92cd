"""The entry script: Streamlit runs this file on every click; what it does is in `shell`."""

from __future__ import annotations

from crm_core.ui.shell import run

run()
