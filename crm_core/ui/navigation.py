"""The pages as data: group, icon, who may see them and which filters they follow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from crm_core.privacy.policy import POLICY, Access, Purpose
from crm_core.text import t
from crm_core.ui.address import kept, to_query

PAGES_FOLDER = Path(__file__).resolve().parents[2] / "pages"

_COMPARED = frozenset({"period", "compare"})
_WHERE = frozenset({"shop", "sales_channel", "category", "region"})


@dataclass(frozen=True)
class PageSpec:
    """One screen. `stem` names its file, its texts, its view and its address.

    `needs` is what one must be allowed to do to open it; `applies` are the parts of the filter
    bar it follows; `needs_store` is false for screens that make sense before anything was imported.
    `set_aside` is false for screens that show all rows whether or not some were set aside.
    """

    stem: str
    group: str
    icon: str
    needs: Purpose = "analyse"
    applies: frozenset[str] = frozenset()
    hidden: bool = False
    needs_store: bool = True
    set_aside: bool = True

    @property
    def path(self) -> Path:
        """The page's file."""
        return PAGES_FOLDER / f"{self.stem}.py"

    @property
    def roles(self) -> frozenset[str]:
        """Who may open it, by the one table of who may do what."""
        return frozenset(role for role, purposes in POLICY.items() if self.needs in purposes)


PAGES = (
    PageSpec("overview", "overview", "monitoring", applies=_COMPARED | _WHERE | {"segment"}),
    PageSpec("explore", "analyse", "pivot_table_chart", applies=_COMPARED | _WHERE | {"segment"}),
    PageSpec("changes", "analyse", "swap_vert", applies=_COMPARED | _WHERE | {"segment"}),
    PageSpec("cohorts", "analyse", "stacked_line_chart"),
    PageSpec("rates", "analyse", "speed", applies=_COMPARED | _WHERE | {"segment"}),
    PageSpec("profit", "analyse", "savings", applies=_WHERE | {"period", "segment"}),
    PageSpec("funnel", "analyse", "filter_alt", applies=_COMPARED),
    PageSpec("segments", "customers", "donut_small", applies=_WHERE | {"period", "segment"}),
    PageSpec("customers", "customers", "group", needs="view", applies=_WHERE | {"segment"}),
    PageSpec("customer", "customers", "person", needs="view", hidden=True),
    PageSpec("compare", "customers", "compare_arrows", applies=_WHERE | {"period"}, hidden=True),
    PageSpec("value", "customers", "diamond", applies=frozenset({"period", "segment", "region"})),
    PageSpec("churn", "customers", "person_off", applies=frozenset({"segment"})),
    PageSpec("movement", "customers", "moving"),
    PageSpec("acquisition", "customers", "person_add"),
    PageSpec("forecast", "plan", "trending_up"),
    PageSpec("goals", "plan", "flag"),
    PageSpec("events", "plan", "event"),
    PageSpec("stock", "plan", "inventory_2", applies=frozenset({"period", "category"})),
    PageSpec("together", "products", "join_inner", applies=frozenset({"category"})),
    PageSpec("recommend", "products", "recommend", applies=frozenset({"segment"})),
    PageSpec("replenish", "products", "autorenew", applies=frozenset({"segment", "category"})),
    PageSpec("coupons", "products", "local_offer", applies=_COMPARED),
    PageSpec("rules", "products", "rule", needs="plan"),
    PageSpec("call", "care", "call", needs="call"),
    PageSpec(
        "service",
        "care",
        "support_agent",
        applies=_COMPARED | {"shop", "sales_channel", "region", "segment"},
    ),
    PageSpec("reviews", "care", "reviews", applies=frozenset({"period", "category"})),
    PageSpec("review_queue", "care", "rule_folder", needs="set_aside", set_aside=False),
    PageSpec("audiences", "campaigns", "campaign", needs="export"),
    PageSpec("campaigns", "campaigns", "view_kanban", needs="export"),
    PageSpec("campaign", "campaigns", "outgoing_mail", needs="export", hidden=True),
    PageSpec("playbooks", "campaigns", "lightbulb", needs="export"),
    PageSpec("results", "campaigns", "science"),
    PageSpec("exports", "campaigns", "outbox", needs="export", set_aside=False),
    PageSpec("imports", "data", "upload_file", needs="import", needs_store=False, set_aside=False),
    PageSpec("costs", "data", "payments", needs="plan", set_aside=False),
    PageSpec("trust", "data", "verified_user"),
    PageSpec("privacy", "data", "shield", needs="settings", set_aside=False),
    PageSpec("team", "data", "badge", needs="people", needs_store=False, set_aside=False),
    PageSpec("glossary", "data", "menu_book", needs="view", needs_store=False, set_aside=False),
)
#: The page from which a hidden one is reached.
_PARENTS = {"customer": "customers", "compare": "segments", "campaign": "campaigns"}
GROUP_ICONS = {
    "overview": "monitoring",
    "analyse": "query_stats",
    "customers": "group",
    "plan": "trending_up",
    "products": "shopping_basket",
    "care": "support_agent",
    "campaigns": "campaign",
    "data": "settings",
}


def spec_of(stem: str) -> PageSpec | None:
    """The page of that name."""
    return next((spec for spec in PAGES if spec.stem == stem), None)


def pages_for(access: Access, *, has_store: bool = True) -> list[PageSpec]:
    """The pages a role may open, in order; only those whose file exists."""
    return [
        spec
        for spec in PAGES
        if access.role in spec.roles and (has_store or not spec.needs_store) and spec.path.is_file()
    ]


def groups_of(specs: list[PageSpec]) -> dict[str, list[PageSpec]]:
    """The visible pages by group, in order."""
    groups: dict[str, list[PageSpec]] = {}
    for spec in specs:
        if not spec.hidden:
            groups.setdefault(spec.group, []).append(spec)
    return groups


def page_objects(specs: list[PageSpec], language: str) -> dict[str, Any]:
    """Streamlit's page of each spec, by stem; the first is the start page.

    Without icons: the browser would fetch the page's icon from another origin.
    """
    return {
        spec.stem: st.Page(
            spec.path,
            title=t(f"nav.page.{spec.stem}", language),
            url_path=spec.stem,
            default=position == 0,
        )
        for position, spec in enumerate(specs)
    }


def draw_groups(specs: list[PageSpec], pages: dict[str, Any], stem: str, language: str) -> None:
    """The sidebar's first level: one link a group, leading to where one is or to its first."""
    for group, members in groups_of(specs).items():
        inside = next((spec for spec in members if spec.stem == stem), None)
        parent = next((spec for spec in members if spec.stem == _PARENTS.get(stem)), None)
        target = inside or parent or members[0]
        st.page_link(
            pages.get(target.stem, pages[members[0].stem]),
            label=t(f"nav.group.{group}", language),
            icon=f":material/{GROUP_ICONS[group]}:",
            width="stretch",
            query_params=to_query(kept()),
        )


def draw_siblings(specs: list[PageSpec], pages: dict[str, Any], stem: str, language: str) -> None:
    """The second row of links: the screens of the group one is in."""
    spec = spec_of(stem)
    siblings = groups_of(specs).get(spec.group, []) if spec else []
    if len(siblings) < 2:
        return
    with st.container(horizontal=True, gap="small"):
        for sibling in siblings:
            st.page_link(
                pages[sibling.stem],
                label=t(f"nav.page.{sibling.stem}", language),
                icon=f":material/{sibling.icon}:",
                help=t(f"nav.about.{sibling.stem}", language),
                query_params=to_query(kept()),
            )
