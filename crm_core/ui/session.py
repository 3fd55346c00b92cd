"""What a page stands on during one run: the open store, who looks, and what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from crm_core.charts import Numbers
from crm_core.errors import CrmError
from crm_core.pipeline.without import Without
from crm_core.privacy.escape import md_escape
from crm_core.privacy.policy import Access, Purpose, allowed
from crm_core.records import Records
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.text import has, t
from crm_core.ui.access import Visit
from crm_core.ui.workspace import Workspace

_KEY = "_session"


@dataclass(frozen=True)
class Session:
    """Everything main decided for this run. Built anew every run; a page only reads it.

    `decisions` names the decisions file the store was joined to. `visit` is what the access was
    given for, to ask again by when something happens later. `page` is the stem of the page shown;
    `head` is the place its title goes to. `set_aside` says what is set aside, if anything is,
    whether or not the open store leaves it out.
    """

    opened: Store | None
    records: Records
    decisions: str
    access: Access
    selection: Selection
    language: str
    settings: Settings
    workspace: Workspace
    visit: Visit
    page: str = ""
    head: Any = None
    set_aside: Without | None = None

    @property
    def store(self) -> Store:
        """The open store.

        Raises: CrmError("store_empty") when nothing was imported yet.
        """
        if self.opened is None:
            raise CrmError("store_empty")
        return self.opened

    @property
    def leaves_out(self) -> bool:
        """Whether the open store is the one without what was set aside."""
        return self.opened is not None and bool(self.opened.meta.without)

    @property
    def currency(self) -> str:
        """The currency amounts are in."""
        return self.opened.meta.currency if self.opened else "EUR"

    def may(self, action: Purpose) -> bool:
        """Whether who looks may do this."""
        return allowed(self.access, action)

    def t(self, key: str, **facts: object) -> str:
        """A text in the viewer's language."""
        return t(key, self.language, **facts)

    def md(self, key: str, **facts: object) -> str:
        """A text for places that read Markdown: facts that are words are made inert."""
        inert = {
            name: md_escape(value) if isinstance(value, str) else value
            for name, value in facts.items()
        }
        return t(key, self.language, **inert)

    def maybe(self, key: str | None, **facts: object) -> str | None:
        """The same, or None where no such text exists."""
        return self.md(key, **facts) if key and has(key, self.language) else None

    def word(self, prefix: str, code: object) -> str:
        """A code in words (`<prefix>.<code>`), or as it stands when it has none."""
        key = f"{prefix}.{code}"
        return t(key, self.language) if has(key, self.language) else str(code)

    def numbers(self, unit: str) -> Numbers:
        """How to write values of a unit here."""
        return Numbers(unit, self.language, self.currency)

    def write(self, value: float | None, unit: str) -> str:
        """A value in words."""
        return self.numbers(unit).write(value)


def begin(session: Session) -> Session:
    """Sets the session of this run; only main calls it."""
    st.session_state[_KEY] = session
    return session


def end() -> None:
    """Forgets the session, so that nothing can run on the one before."""
    st.session_state.pop(_KEY, None)


def current() -> Session:
    """The session of this run.

    Raises: CrmError("access_denied") when a page runs without main before it.
    """
    session = st.session_state.get(_KEY)
    if not isinstance(session, Session):
        raise CrmError("access_denied")
    return session
