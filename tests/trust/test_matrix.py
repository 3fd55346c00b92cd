"""Who may do what: every role, page and act, by every way there is to ask for it."""

from __future__ import annotations

import ast
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.pipeline.retention import due
from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.privacy import reveal, rights, separation, team
from crm_core.privacy.export import export_list, export_set_aside
from crm_core.privacy.gate import for_export, identities, search, trace_at
from crm_core.privacy.policy import Access, allowed
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.ui import show as shown
from crm_core.ui.navigation import PAGES
from crm_core.views.customers import customers
from crm_core.views.exports import exports
from crm_core.views.team import team as team_view
from tests.app.conftest import ROLES, Open, People
from tests.contracts.tree import called, place, python_files, source, tree
from tests.examples import fast

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
MAY = {
    "viewer": {"view", "analyse"},
    "care": {"view", "search", "call", "note", "consent"},
    "marketer": {
        "view",
        "analyse",
        "search",
        "call",
        "note",
        "plan",
        "export",
        "consent",
        "set_aside",
    },
}
PAGES_OF = {
    "care": {"customers", "customer", "call", "glossary"},
    "viewer": {spec.stem for spec in PAGES if spec.needs in ("view", "analyse")},
}


def list_for(access: Access, store: Store, records: Records) -> Any:
    return export_list(
        access=access,
        store=store,
        records=records,
        members=store.table("customer_facts").select("customer_key"),
        name="everybody",
        contact_channel=None,
        columns=("customer",),
        file_format="csv",
        now=NOW,
        language="en",
        out=io.BytesIO(),
        confirmed_everyone=True,
    )


#: What each act needs, and a direct call of it, past every page.
ACTS: dict[str, tuple[str, Callable[[Access, Store, Records], Any]]] = {
    "list": ("export", list_for),
    "identities_of_a_list": ("export", lambda a, s, r: for_export(s, a, ["name"])),
    "log_of_exports": ("export", lambda a, s, r: exports(store=s, records=r, access=a)),
    "search": ("search", lambda a, s, r: search(s, a, "ann", secret=b"s" * 32)),
    "reveal": ("call", lambda a, s, r: reveal.reveal(r, a, "a" * 26, now=NOW)),
    "record": ("call", lambda a, s, r: identities(s, a, [1], "call")),
    "trace": ("settings", lambda a, s, r: trace_at(s, a, 1, 0)),
    "unite": ("settings", lambda a, s, r: separation.unite(s, r, a, key=1, other_id="x", now=NOW)),
    "restrict": ("erase", lambda a, s, r: rights.restrict(r, a, 1, "x", reason="x", now=NOW)),
    "correct": (
        "erase",
        lambda a, s, r: rights.correct(r, a, 1, "x", field="name", value="X", reason="x", now=NOW),
    ),
    "due": ("erase", lambda a, s, r: due(s, r, a, today=NOW.date())),
    "people": ("people", lambda a, s, r: team_view(records=r, access=a)),
    "let_in": ("people", lambda a, s, r: team.save_role(r, a, "x@x.example", "viewer", now=NOW)),
    "let_go": ("people", lambda a, s, r: team.remove(r, a, "x@x.example", now=NOW)),
}


@pytest.fixture
def own(shops: dict[str, Path]) -> Any:
    settings = Settings(var=shops["demo"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    records.save_user("boss@x.example", "admin", NOW)
    yield records
    records.close()


@pytest.mark.parametrize("role", list(MAY))
@pytest.mark.parametrize("act", list(ACTS))
def test_an_act_is_refused_past_every_page(act: str, role: str, store: Store, own: Records) -> None:
    needs, call = ACTS[act]
    access = Access(role, f"{role}@x.example")  # type: ignore[arg-type]
    before = own.users()
    if needs in MAY[role]:
        call(access, store, own)
        return
    with pytest.raises(CrmError, match="privacy_denied"):
        call(access, store, own)
    assert own.users() == before


def test_a_refused_list_is_in_the_log(store: Store, own: Records) -> None:
    for role in ("viewer", "care"):
        with pytest.raises(CrmError):
            list_for(Access(role, f"{role}@x.example"), store, own)
    lines = own.audit_lines(action="export_denied", limit=2)
    assert {line.user for line in lines} == {"viewer@x.example", "care@x.example"}


def test_rows_set_aside_name_people_and_are_for_few(store: Store, own: Records) -> None:
    for role in MAY:
        access = Access(role, f"{role}@x.example")  # type: ignore[arg-type]
        assert not allowed(access, "quarantine")
        with pytest.raises(CrmError, match="privacy_denied"):
            export_set_aside(
                access=access, store=store, records=own, layout=SimpleNamespace(files=()),  # type: ignore[arg-type]
                now=NOW, language="en", out=io.BytesIO(),
            )  # fmt: skip


def test_every_page_says_what_it_needs_and_follows_the_table() -> None:
    for role, stems in PAGES_OF.items():
        assert {spec.stem for spec in PAGES if role in spec.roles} == stems
    marketers = {spec.stem for spec in PAGES if "marketer" in spec.roles}
    kept = {spec.stem for spec in PAGES} - marketers
    assert kept == {spec.stem for spec in PAGES if spec.needs not in MAY["marketer"]}
    assert {"imports", "privacy", "team"} <= kept
    assert {spec.stem for spec in PAGES if "admin" in spec.roles} == {spec.stem for spec in PAGES}


#: One page of each kind at the gate; all of them, for all roles, among the slow tests.
ASKED = fast([spec.stem for spec in PAGES], "customers", "imports", "audiences")


@pytest.mark.parametrize("role", fast([r for r in ROLES if r != "single_user"], "care"))
@pytest.mark.parametrize("stem", ASKED)
def test_an_address_opens_only_what_the_role_may_see(
    stem: str,
    role: str,
    open_page: Open,
    people: People,
    code: str,
) -> None:
    """Every page by its address, on a server whose caches an administrator has just filled."""
    spec = next(spec for spec in PAGES if spec.stem == stem)
    open_page(stem, role="admin", id=code)
    screen = open_page(stem, role=role, id=code, warm=True)
    assert not screen.crashed, screen.failures
    if role in spec.roles:
        assert screen.page == stem
    else:
        assert screen.page not in (stem, "")
        assert not list(screen.test.get("download_button"))
    if role == "viewer" or (role == "care" and stem != "customer"):
        assert people.seen_on(screen) == set()


def test_views_are_shown_only_to_who_may_see_the_shops_numbers(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Here:
        access = Access("care", "carla@x.example")

    monkeypatch.setattr(shown, "current", Here)
    with pytest.raises(CrmError, match="privacy_denied"):
        shown.show(customers, None)  # type: ignore[arg-type]


#: Views that are told of a role by a page that shows them past `show`: they ask for themselves.
ASK_THEMSELVES = {"exports", "glossary", "report_made", "team"}


def test_pages_get_views_through_the_one_place_that_asks() -> None:
    """A view that is called by a page itself must ask who is there itself."""
    told = {name.removesuffix(".py").rsplit("/", 1)[1] for name in python_files("crm_core/views/")}
    found = {
        called(node)
        for name in python_files("pages/", "crm_core/ui/")
        for node in ast_calls(name)
        if called(node) in told and has_access(node)
    }
    assert found <= ASK_THEMSELVES, found


def ast_calls(name: str) -> list[Any]:
    return [node for node in ast.walk(tree(name)) if isinstance(node, ast.Call)]


def has_access(node: Any) -> bool:
    return any(word.arg == "access" for word in node.keywords)


def test_only_pieces_are_drawn_by_themselves() -> None:
    """A part that is drawn anew without the whole script asks who is there; one place does."""
    used = [
        place(name, node)
        for name in python_files("pages/", "crm_core/ui/")
        for node in ast_calls(name)
        if called(node) == "fragment"
    ]
    decorated = [
        name for name in python_files("pages/", "crm_core/ui/") if "@st.fragment" in source(name)
    ]
    assert [place.split(":")[0] for place in used] == ["crm_core/ui/piece.py"]
    assert decorated == []
