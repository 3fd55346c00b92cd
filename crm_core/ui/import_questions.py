"""What a file's values leave open and only people can say: asked where an import came back with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from crm_core.errors import CrmError
from crm_core.store.imports.mapping import CHOICES
from crm_core.ui.guard import show_error
from crm_core.ui.session import current

_ASKED = "_import_asked"
_QUESTIONS = {
    "import_ambiguous_dates": "date_order",
    "import_ambiguous_years": "date_order",
    "import_ambiguous_numbers": "decimal",
}


@contextmanager
def asking(files: Sequence[Path]) -> Iterator[None]:
    """Runs an import; where it cannot tell how values are written, the page is drawn anew with
    the question."""
    try:
        yield
    except CrmError as error:
        if error.code not in _QUESTIONS:
            raise
        st.session_state[_ASKED] = (tuple(files), {**_asked(files), error.code: error})
        st.rerun()


def answers(files: Sequence[Path]) -> list[str]:
    """Draws the questions that came back for these files: the answers, for the command line."""
    session = current()
    said: list[str] = []
    for code, error in _asked(files).items():
        name = _QUESTIONS[code]
        answer = st.selectbox(
            session.t(f"imports.choice.{name}"),
            [choice for choice in CHOICES[name] if choice != "auto"],
            index=None,
            format_func=lambda choice, name=name: session.t(f"imports.choices.{name}.{choice}"),
            key=f"answer_{name}_{files[0].name}",
            persist_state="page",
        )
        if answer is None:
            show_error(error, session.language)
        else:
            said.append(f"--{name.replace('_', '-')}={answer}")
    return said


def _asked(files: Sequence[Path]) -> dict[str, CrmError]:
    """The questions that wait; none once other files were chosen."""
    chosen, questions = st.session_state.get(_ASKED, ((), {}))
    return questions if chosen == tuple(files) else {}
