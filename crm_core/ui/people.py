"""People on screen: names through the gate, and the code that stands for one in an address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import pandas as pd
import streamlit as st

from crm_core.errors import CrmError
from crm_core.privacy.gate import customer_code, customer_key, identities, known_keys
from crm_core.privacy.policy import Purpose, allowed
from crm_core.ui import navigation
from crm_core.ui.address import kept, to_query
from crm_core.ui.opening import url_secret
from crm_core.ui.session import Session, current

_PARAM = "id"
_QUERY = "_customers_query"
_SHORT = 6


def secret_of(session: Session) -> bytes:
    """The key of customer codes in this shop's addresses."""
    return url_secret(session.workspace.records_url)


def code_of(key: int, session: Session) -> str:
    """The code that stands for a person in an address."""
    return customer_code(secret_of(session), key)


def short_code(key: int, session: Session) -> str:
    """What to call a person where nobody is named."""
    return f"#{code_of(key, session)[:_SHORT]}"


def names_for(keys: Sequence[int], session: Session, purpose: Purpose = "view") -> list[str]:
    """What to call these people here: a name or masked name, else a short code.

    At most 1,000 at once: names are for the rows shown, not for whole tables.
    """
    if not keys:
        return []
    people = identities(session.store, session.access, keys, purpose).set_index("customer_key")
    known = people["name"] if "name" in people else pd.Series(dtype=object)
    return [_called(known.get(key), key, session) for key in keys]


def _called(name: object, key: int, session: Session) -> str:
    if isinstance(name, str) and name.strip():
        return name
    return short_code(key, session)


def customer_known(key: int) -> bool:
    """Whether that is a customer of the open store."""
    return bool(known_keys(current().store, [key]))


def go_customer(key: int, *, level: str = "person") -> NoReturn:
    """Opens the page of a person, or of the person's account; the address carries a keyed code,
    never the key."""
    spec = navigation.spec_of("customer")
    if spec is None or not spec.path.is_file():
        raise CrmError("no_such_page")
    query = {**to_query(kept()), _PARAM: [code_of(key, current())]}
    if level != "person":
        query["level"] = [level]
    st.switch_page(spec.path, query_params=query)


def asked_customer() -> int:
    """The person the address names.

    Raises: CrmError("no_such_customer").
    """
    try:
        return customer_key(secret_of(current()), st.query_params.get(_PARAM, ""))
    except CrmError:
        raise CrmError("no_such_customer") from None


def search_box() -> None:
    """The search for a customer, on every screen; what is typed never enters an address."""
    session = current()
    spec = navigation.spec_of("customers")
    if spec is None or not spec.path.is_file() or not allowed(session.access, "search"):
        return
    st.text_input(
        session.t("app.search"),
        key="search",
        type="search",
        placeholder=session.t("app.search"),
        help=session.t("app.search_hint"),
        icon=":material/search:",
        on_change=_search,
        label_visibility="collapsed",
    )


def _search() -> None:
    words = str(st.session_state.get("search") or "").strip()
    st.session_state["search"] = ""
    spec = navigation.spec_of("customers")
    if words and spec:
        st.session_state[_QUERY] = words
        st.switch_page(spec.path, query_params=to_query(kept()))


def asked_query() -> str:
    """What was last searched for, for the customers page's own box."""
    return str(st.session_state.get(_QUERY, ""))


def ask_query(words: str) -> None:
    """Remembers what the customers page's box holds now."""
    st.session_state[_QUERY] = words
