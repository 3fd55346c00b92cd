"""Accounts on screen: the switch between persons and accounts, their list, one account."""

from __future__ import annotations

import streamlit as st

from crm_core.privacy.gate import account_names
from crm_core.selection import segment_code
from crm_core.text import formats
from crm_core.ui.customer_history import draw_history
from crm_core.ui.fields import choice_field
from crm_core.ui.kpi import figures
from crm_core.ui.layout import columns, panel, row
from crm_core.ui.people import go_customer, names_for
from crm_core.ui.segment_words import segment_words
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, data_table, pager
from crm_core.ui.words import caption, note, pairs
from crm_core.views.accounts import KINDS, LEVELS, SORTS, Account, account, accounts

_LEVEL = "level"
_MOST_MERGED = 100


def level_switch(page: str) -> str:
    """Whether a page speaks of persons or of accounts; the address says it as a code."""
    session = current()
    asked = st.query_params.get(_LEVEL, LEVELS[0])
    chosen = st.segmented_control(
        session.md("account.level"),
        LEVELS,
        default=asked if asked in LEVELS else LEVELS[0],
        required=True,
        format_func=lambda code: session.t(f"account.levels.{code}"),
        key=f"level_{page}",
        label_visibility="collapsed",
    )
    level = chosen if chosen in LEVELS else LEVELS[0]
    if level == LEVELS[0]:
        st.query_params.pop(_LEVEL, None)
    elif asked != level:
        st.query_params[_LEVEL] = level
    return level


def draw_accounts() -> None:
    """The list of accounts; opening one shows its members and what they brought."""
    session = current()
    with row():
        kind = choice_field("account.kind", KINDS, key="accounts_kind", prefix="account.kinds")
        sort = choice_field("account.sort_by", SORTS, key="accounts_sort", prefix="account.sort")
    asked = {"kind": kind or KINDS[0], "sort": sort or SORTS[0]}
    total = show(accounts, session.selection, **asked, size=1).total
    with panel("account.list"):
        (table,) = columns(1)
        page, size = pager(total, key="accounts") if total else (1, 50)
        view = show(accounts, session.selection, **asked, page=page, size=size)
        with table:
            if not total:
                note("account.none")
                return
            keys = [int(key) for key in view.rows["account_key"]]
            persons = [int(key) for key in view.rows["customer_key"]]
            opened = data_table(
                view.rows.assign(account=_names(keys, persons, session)),
                [
                    Column("account", label_key="account.name"),
                    Column("account_kind", "code", "account.kind", prefix="account.kinds"),
                    Column("account_rule", "code", "account.rule", prefix="account.rules"),
                    Column("members", "count", "account.members"),
                    Column("orders", "count", "metric.orders.label"),
                    Column("revenue", "money", "metric.revenue.label"),
                    Column("last_order_day", "date", "feature.last_order_day.label"),
                ],
                key="accounts",
                alt_key="account.list",
                on_click=True,
                icon="group",
            )
    caption("account.about_rules")
    if opened:
        go_customer(int(opened["customer_key"]), level=LEVELS[1])


def _names(keys: list[int], persons: list[int], session: Session) -> list[str]:
    """What the account is called, else what its first member is."""
    named = account_names(session.store, session.access, keys)
    called = names_for(persons, session)
    return [named.get(key) or name for key, name in zip(keys, called, strict=True)]


def draw_account(key: int) -> None:
    """The account that a person belongs to: who is in it, what they brought, what happened."""
    session = current()
    view = show(account, session.selection, key=key)
    if view is None:
        note("account.none")
        return
    figures(
        [
            (f"metric.{name}.label", value, "count" if name == "orders" else "money")
            for name, value in view.figures.items()
        ]
    )
    named = account_names(session.store, session.access, [view.key]).get(view.key)
    days = [view.first_order_day, view.last_order_day]
    first, last = [formats.day(day, session.language) if day else "–" for day in days]
    with panel("account.who"):
        pairs(
            [
                *([("account.name", named)] if named else []),
                ("account.kind", session.word("account.kinds", view.kind)),
                ("account.rule", session.word("account.rules", view.rule)),
                ("account.members", formats.number(view.size, session.language)),
                ("account.first_order", first),
                ("feature.last_order_day.label", last),
            ]
        )
    _draw_standing(view)
    with panel("account.member_list"):
        customer_table(
            view.members,
            [
                Column("orders", "count", "metric.orders.label"),
                Column("revenue", "money", "metric.revenue.label"),
                Column("last_order_day", "date", "feature.last_order_day.label"),
            ],
            key="account_members",
            alt_key="account.member_list",
        )
    with panel("customer.history"):
        draw_history(key, tuple(each for each in view.keys[:_MOST_MERGED] if each != key))


def _draw_standing(view: Account) -> None:
    """The account's stage and value: those of a person who bought all that its members did."""
    session, found = current(), view.standing
    if found is None:
        return
    with panel("account.standing", help_key="account.standing_about"):
        rows: list[tuple[str, str]] = []
        if found.stage is not None:
            name = segment_words([segment_code("stage", found.stage)])[0]
            rows.append(("account.stage", name))
            days = formats.number(found.rhythm_days, session.language)
            rows.append(("account.rhythm", session.t("account.days", days=days)))
            silent = formats.number(found.silent_days, session.language)
            rows.append(("account.silent", session.t("account.days", days=silent)))
        if found.worth is not None:
            rows.append((f"account.worth.{found.worth_of}", session.write(found.worth, "money")))
            tier = segment_words([segment_code("value", found.value_tier or "")])[0]
            rows.append(("account.tier", tier))
        pairs(rows)
        if found.valued < view.size:
            caption("account.valued", valued=found.valued, members=view.size)
