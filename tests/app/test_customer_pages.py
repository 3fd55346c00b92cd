"""The pages about customers as one clicks through them."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.pipeline.scores import refresh_scores
from crm_core.privacy.gate import customer_code
from crm_core.text import t
from tests.app.conftest import NOW, Open
from tests.app.screen import Screen
from tests.small_shop import Rows, line, order, small_shop

HOSTILE = "![x](http://evil.test/px) <script>alert(1)</script> =1+1 :material/home: $a$"
UNKNOWN = "a" * 26


def hostile_rows() -> Rows:
    """One buyer whose name and e-mail are attacks, and one who never bought."""
    return {
        "customers": [{"customer_id": "a"}, {"customer_id": "b"}],
        "identities": [
            {"customer_id": "a", "name": HOSTILE, "email": "a@example.com"},
            {"customer_id": "b", "name": "Bo Lee", "email": "b@example.com"},
        ],
        "orders": [order("[1](http://evil.test)", "a", "2026-01-05T10:00:00")],
        "order_lines": [line("[1](http://evil.test)", "tea", "10", unit_cost=4)],
    }


@pytest.fixture(scope="module")
def hostile(shops: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The codes of both people of a small shop that is open as `hostile`."""
    shop = small_shop(tmp_path_factory.mktemp("hostile"), hostile_rows())
    refresh_scores(shop.url, settings=shop.settings)
    (shop.settings.var / "active").write_text("shop", encoding="utf-8")
    shop.records.save_user("viewer@example.test", "viewer", NOW)
    store = shop.open()
    links = store.fetch(store.table("identity_links")).set_index("value")["customer_key"]
    store.close()
    secret = shop.records.secret("url_key")
    shops["hostile"] = shop.settings.var
    return {name: customer_code(secret, int(links[name])) for name in ("a", "b")}


def texts(screen: Screen) -> str:
    return "\n".join(screen.words)


@pytest.mark.parametrize("stem", ["customers", "customer", "audiences", "segments"])
def test_a_hostile_name_is_only_a_name(stem: str, open_page: Open, hostile: dict[str, str]) -> None:
    screen = open_page(stem, shop="hostile", id=hostile["a"])
    assert not screen.crashed, screen.failures
    assert "![x](http" not in texts(screen)
    assert ":material/home:" not in texts(screen)
    if stem == "customer":
        assert "evil" in screen.test.title[0].value


@pytest.mark.slow
def test_a_prospect_has_a_page(open_page: Open, hostile: dict[str, str]) -> None:
    screen = open_page("customer", shop="hostile", id=hostile["b"])
    assert not screen.failures
    assert "Bo Lee" in screen.test.title[0].value
    assert t("customer.no_history", "en") in texts(screen)


@pytest.mark.parametrize("code", ["", "nonsense", UNKNOWN])
@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_an_unknown_customer_is_told_politely(open_page: Open, code: str, language: str) -> None:
    screen = open_page("customer", language=language, id=code)
    assert not screen.failures
    assert t("customer.empty_title", language) in texts(screen)


@pytest.mark.slow
def test_too_little_data_is_explained(open_page: Open, hostile: dict[str, str]) -> None:
    for stem, key in (("segments", "segments.no_value"), ("customers", "customers.no_value")):
        screen = open_page(stem, shop="hostile")
        assert not screen.failures
        assert t(key, "en") in texts(screen)


@pytest.mark.slow
def test_searching_narrows_the_list(open_page: Open, hostile: dict[str, str]) -> None:
    screen = open_page("customers", shop="hostile")
    screen.test.text_input(key="customers_search").input("lee").run()
    assert not screen.failures
    shown = list(screen.test.dataframe[0].value["customer"])
    assert len(shown) == 1
    assert shown[0].endswith("Bo Lee")
    assert "lee" not in str(dict(screen.test.query_params))
    screen.test.text_input(key="customers_search").input("nobody at all").run()
    assert t("customers.nobody_found", "en") in [str(alert.value) for alert in screen.test.info]


def test_a_viewer_is_not_offered_a_search(open_page: Open) -> None:
    screen = open_page("customers", role="viewer")
    assert not screen.failures
    assert not [box for box in screen.test.text_input if box.key == "customers_search"]
    assert t("customers.search_denied", "en") in texts(screen)


def test_a_rule_is_built_saved_deleted_and_brought_back(open_page: Open) -> None:
    test = open_page("audiences").test
    test.segmented_control(key="audience_by").set_value("rule").run()
    assert "Orders is at least 2" in " ".join(str(text.value) for text in test.text)
    test.button(key="audience_add").click().run()
    assert t("audiences.incomplete", "en") not in [str(note.value) for note in test.info]
    test.text_input(key="audience_name").input("Lapsed =1+1")
    next(b for b in test.button if b.label == t("audiences.save_button", "en")).click().run()
    test.segmented_control(key="audience_by").set_value("saved").run()
    assert test.selectbox(key="audience_saved").options == ["Lapsed =1+1"]
    test.button(key="audience_delete").click().run()
    assert not [box for box in test.selectbox if box.key == "audience_saved"]
    test.button(key="audience_undo").click().run()
    assert test.selectbox(key="audience_saved").options == ["Lapsed =1+1"]
    test.button(key="audience_edit").click().run()
    assert len([box for box in test.selectbox if str(box.key).endswith("_field")]) == 2
    assert not Screen(test).failures
    test.segmented_control(key="audience_by").set_value("saved").run()
    test.button(key="audience_delete").click().run()


def test_everyone_must_be_meant(open_page: Open) -> None:
    test = open_page("audiences").test
    test.segmented_control(key="audience_by").set_value("rule").run()
    test.button(key="audience_remove_0").click().run()
    test.selectbox(key="audience_channel").set_value("none").run()
    assert not exports(test)
    test.toggle(key="audience_everyone").set_value(True).run()
    assert exports(test)
    assert not Screen(test).failures


def exports(test: object) -> list[object]:
    return list(test.get("download_button"))  # type: ignore[attr-defined]


def test_a_link_brings_its_segment(open_page: Open) -> None:
    screen = open_page("audiences", from_segment="at_risk")
    assert not screen.failures
    assert screen.test.multiselect(key="audience_segments").value == ["at_risk"]
    assert "from_segment" not in screen.test.query_params


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_customers_are_divided_in_other_ways_and_the_address_says_so(
    open_page: Open, language: str
) -> None:
    screen = open_page("segments", language=language)
    assert t("lifecycle.won_back.name", language) in texts(screen)
    assert "by" not in screen.test.query_params
    screen.test.segmented_control(key="segments_by").set_value("loyalty").run()
    assert not screen.failures
    assert screen.test.query_params["by"] in ("loyalty", ["loyalty"])
    said = [str(words.value) for words in screen.test.markdown]
    assert t("loyalty.platinum.definition", language) in said
    screen.test.segmented_control(key="segments_by").set_value("cluster").run()
    assert not screen.failures
    assert t("clusters.trials_about", language) in [str(c.value) for c in screen.test.caption]
    screen.test.segmented_control(key="segments_by").set_value("stage").run()
    assert "by" not in screen.test.query_params


@pytest.mark.slow
def test_two_segments_are_compared_by_their_address(open_page: Open) -> None:
    screen = open_page("compare", left="value.top", right="at_risk")
    assert not screen.failures
    assert screen.test.selectbox(key="compare_left").value == "value.top"
    assert screen.test.selectbox(key="compare_right").value == "at_risk"
    assert [metric.label for metric in screen.test.metric[:2]] == [
        "Value: Top value",
        "RFM: At risk",
    ]
    screen.test.selectbox(key="compare_right").set_value("stage.lapsed").run()
    assert not screen.failures
    assert screen.test.query_params["right"] in ("stage.lapsed", ["stage.lapsed"])
    screen.test.button(key="compare_open_left").click().run()
    assert screen.test.query_params["segment"] in ("value.top", ["value.top"])
