from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.privacy.policy import Access
from crm_core.text import has
from crm_core.ui import navigation
from crm_core.ui.navigation import GROUP_ICONS, PAGES, groups_of, pages_for, spec_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(navigation, "PAGES_FOLDER", tmp_path)
    for spec in PAGES:
        (tmp_path / f"{spec.stem}.py").touch()
    return tmp_path


def stems(role: str, *, has_store: bool = True) -> list[str]:
    access = Access(role, "someone")  # pyright: ignore[reportArgumentType]
    return [spec.stem for spec in pages_for(access, has_store=has_store)]


def test_a_viewer_sees_neither_lists_nor_settings(folder: Path) -> None:
    assert set(stems("single_user")) - set(stems("viewer")) == {
        "audiences",
        "call",
        "campaign",
        "campaigns",
        "exports",
        "playbooks",
        "rules",
        "imports",
        "costs",
        "privacy",
        "review_queue",
        "team",
    }


def test_a_marketer_makes_lists_but_imports_nothing(folder: Path) -> None:
    assert set(stems("single_user")) - set(stems("marketer")) == {"imports", "privacy", "team"}


def test_an_administrator_sees_every_page(folder: Path) -> None:
    assert stems("admin") == stems("single_user")


def test_care_sees_no_number_of_the_shop(folder: Path) -> None:
    assert stems("care") == ["customers", "customer", "call", "glossary"]


def test_a_page_that_does_not_exist_is_not_offered(folder: Path) -> None:
    (folder / "forecast.py").unlink()
    assert "forecast" not in stems("single_user")


def test_an_empty_store_offers_what_needs_none(folder: Path) -> None:
    assert stems("single_user", has_store=False) == ["imports", "team", "glossary"]


def test_the_customer_page_is_reached_only_from_a_customer(folder: Path) -> None:
    groups = groups_of(pages_for(Access("single_user", "me")))
    assert list(groups) == [
        "overview",
        "analyse",
        "customers",
        "plan",
        "products",
        "care",
        "campaigns",
        "data",
    ]
    assert "customer" not in [spec.stem for spec in groups["customers"]]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_and_group_has_its_words(language: str) -> None:
    assert all(has(f"nav.page.{spec.stem}", language) for spec in PAGES)
    assert all(has(f"nav.about.{spec.stem}", language) for spec in PAGES)
    assert all(has(f"nav.group.{spec.group}", language) for spec in PAGES)
    assert {spec.group for spec in PAGES} <= set(GROUP_ICONS)


def test_an_unknown_page_is_none() -> None:
    assert spec_of("nowhere") is None
