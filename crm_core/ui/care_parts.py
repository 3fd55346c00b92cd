"""Customers as who talks to them sees them: found one at a time, with all that happened, and with
nothing they are rated by."""

from __future__ import annotations

from crm_core.privacy.gate import identities
from crm_core.text.formats import day
from crm_core.ui.contact_line_parts import draw_contact_line
from crm_core.ui.customer_history import draw_history
from crm_core.ui.customer_parts import (
    called,
    draw_consent,
    draw_facts,
    draw_identity,
    found_customers,
)
from crm_core.ui.customer_traces import draw_changes
from crm_core.ui.layout import columns, details_box, header, panel
from crm_core.ui.notes import customer_notes
from crm_core.ui.open_tasks import draw_open_tasks
from crm_core.ui.people import go_customer
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note
from crm_core.views.customer import PLAIN_FACTS, Customer

FEW_FOUND = 10


def draw_search() -> None:
    """The search, whom it found by name and place, and what is to be done."""
    header("customers.care")
    found = found_customers(FEW_FOUND)
    if found:
        session = current()
        people = identities(session.store, session.access, found, "search")
        opened = data_table(
            people.fillna(""),
            [Column(name, label_key=f"privacy.column.{name}") for name in _TOLD if name in people],
            key="found",
            alt_key="customers.list",
            on_click=True,
            icon="person",
        )
        if opened:
            go_customer(int(opened["customer_key"]))
    elif found is not None:
        note("customers.nobody_found")
    draw_open_tasks(named=True)


_TOLD = ("name", "city", "email", "phone")


def draw_record(view: Customer) -> None:
    """One customer in full, without value, margin, segment and chance of leaving."""
    session = current()
    header("customer", breadcrumbs=[("customers", "nav.page.customers")], name=called(view.key))
    customer_notes(view.key)
    left, right = columns(1, 1)
    with left, panel("customer.who"):
        draw_identity(view)
    with right:
        with panel("customer.so_far"):
            draw_facts(view, [name for name in PLAIN_FACTS if name in view.facts])
            caption("customer.facts_about_plain", day=day(view.as_of, session.language))
        with panel("customer.consent"):
            draw_consent(view.key)
    with panel("call.line", help_key="call.line_about"):
        draw_contact_line(view.key, place="contact_line")
    with panel("customer.history"):
        draw_history(view.key)
    with details_box("customer.changes"):
        draw_changes(view.key)
