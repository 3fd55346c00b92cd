"""The pages about customers as one clicks through them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

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


@pytest.mark.slow
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
    screen = open_page("customer", language=language, id=code, warm=True)
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
    screen = open_page("customers", role="viewer", warm=True)
    assert not screen.failures
    assert not [box for box in screen.test.text_input if box.key == "customers_search"]
    assert t("customers.search_denied", "en") in texts(screen)


def press(test: AppTest, label_key: str) -> None:
    next(b for b in test.button if b.label == t(label_key, "en")).click().run()


def said(test: AppTest) -> str:
    return " ".join(str(text.value) for text in test.text)


@pytest.mark.slow
def test_a_rule_is_built_saved_deleted_and_brought_back(open_page: Open) -> None:
    test = open_page("audiences").test
    test.segmented_control(key="audience_by").set_value("rule").run()
    assert "Orders is at least 2" in said(test)
    press(test, "builder.add.field")
    assert t("audiences.incomplete", "en") not in [str(note.value) for note in test.info]
    test.text_input(key="audience_name").input("Lapsed =1+1")
    press(test, "audiences.save_button")
    test.segmented_control(key="audience_by").set_value("saved").run()
    assert test.selectbox(key="audience_saved").options == ["Lapsed =1+1"]
    test.button(key="audience_delete").click().run()
    assert not [box for box in test.selectbox if box.key == "audience_saved"]
    test.button(key="audience_undo").click().run()
    assert test.selectbox(key="audience_saved").options == ["Lapsed =1+1"]
    test.button(key="audience_edit").click().run()
    assert len([box for box in test.selectbox if str(box.key).endswith("_field")]) == 2
    assert not Screen(test).failures
    removed = next(b for b in test.button if str(b.key).startswith("audience_remove_"))
    removed.click().run()
    assert "Orders is at least 2" not in said(test)
    test.button(key="builder_bring_back").click().run()
    assert "Orders is at least 2" in said(test)
    removed = next(b for b in test.button if str(b.key).startswith("audience_remove_"))
    removed.click().run()
    press(test, "builder.save_version")
    test.segmented_control(key="audience_by").set_value("saved").run()
    assert "Orders is at least 2 and" in said(test)  # in the history
    press(test, "builder.restore")
    assert said(test).count("Orders is at least 2 and") == 3
    assert not Screen(test).failures
    test.button(key="audience_delete").click().run()


@pytest.mark.slow
def test_behaviour_is_asked_about_step_by_step(open_page: Open) -> None:
    test = open_page("audiences").test
    test.segmented_control(key="audience_by").set_value("rule").run()
    press(test, "builder.add.did")
    assert "they bought a product" in said(test)
    press(test, "builder.add_detail")
    assert t("audiences.incomplete", "en") in [str(note.value) for note in test.info]
    values = next(box for box in test.multiselect if "_category_in" in str(box.key))
    assert "Tea" in values.options
    values.set_value(["Tea"]).run()
    press(test, "builder.add_then")
    assert "(Category is “Tea”), then did not place an order within 60 days" in said(test)
    press(test, "builder.add.group")
    joint = [c for c in test.segmented_control if str(c.key).startswith("audience_joint_")][-1]
    joint.set_value("none").run()
    assert "not (Days since last order is at least 90 days)" in said(test)
    test.date_input(key="audience_day").set_value(date(2025, 10, 1)).run()
    assert any("1 Oct 2025" in str(caption.value) for caption in test.caption)
    assert not Screen(test).failures


@pytest.mark.slow
def test_a_list_is_brought_along_and_asked_for(open_page: Open) -> None:
    test = open_page("audiences").test
    test.text_input(key="id_list_name").input("Fair")
    test.text_area(key="id_list_pasted").input("C00000001\nC00000001\nC00000007\nX-404")
    press(test, "builder.list_keep")
    assert not Screen(test).failures
    assert "Fair: 2 customers, 1 rows repeated, 1 are no customers here" in said(test)
    test.segmented_control(key="audience_by").set_value("rule").run()
    press(test, "builder.add.listed")
    menu = next(box for box in test.selectbox if str(box.key).endswith("_listed"))
    menu.set_value("list:1").run()
    assert "they are in the list “Fair”" in said(test)
    assert not Screen(test).failures


@pytest.mark.slow
def test_an_audience_about_what_is_gone_can_be_mended(
    open_page: Open, shops: dict[str, Path]
) -> None:
    screen = open_page("audiences")
    records = screen.test.session_state["_session"].records
    old = {
        "all": [
            {"field": "orders", "operator": ">=", "value": 4},
            {"field": "shoe", "operator": "is_known"},
        ]
    }
    records.add_audience("Old", old, owner="ann", now=datetime(2026, 7, 1, tzinfo=UTC))
    test = screen.test
    test.segmented_control(key="audience_by").set_value("saved").run()
    assert any("shoe" in failure for failure in Screen(test).failures)
    test.button(key="audience_edit").click().run()
    assert any("shoe" in str(warning.value) for warning in test.warning)
    removed = [b for b in test.button if str(b.key).startswith("audience_remove_")][-1]
    removed.click().run()
    assert "Customers where Orders is at least 4" in said(test)
    assert not Screen(test).failures
    records.remove_audience(records.audience("Old").id)


@pytest.mark.slow
def test_everyone_must_be_meant(open_page: Open) -> None:
    test = open_page("audiences", warm=True).test
    test.segmented_control(key="audience_by").set_value("rule").run()
    next(b for b in test.button if str(b.key).startswith("audience_remove_")).click().run()
    test.selectbox(key="audience_channel").set_value("none").run()
    assert not exports(test)
    test.toggle(key="audience_everyone").set_value(True).run()
    assert exports(test)
    assert not Screen(test).failures


def exports(test: object) -> list[object]:
    return list(test.get("download_button"))  # type: ignore[attr-defined]


def test_a_link_brings_its_segment(open_page: Open) -> None:
    screen = open_page("audiences", from_segment="at_risk", warm=True)
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
def test_segments_are_shown_as_of_the_day_in_the_address_with_a_way_back(open_page: Open) -> None:
    screen = open_page("segments", as_of="2026-03-31")
    assert not screen.failures
    assert any("31 Mar 2026" in word for word in screen.words)
    assert t("movement.customers_then", "en") in texts(screen)
    assert t("segments.cards", "en") not in texts(screen)
    screen.test.button(key="segments_past_back").click().run()
    now = Screen(screen.test)
    assert not now.failures
    assert "as_of" not in now.test.query_params
    assert t("segments.cards", "en") in texts(now)


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


@pytest.mark.slow
def test_a_list_that_a_chart_opened_says_of_whom_it_is_and_goes_back_to_all(
    open_page: Open,
) -> None:
    page = open_page("customers", warm=True, within="value_365:20:80.5")
    assert not page.failures
    said = t("customers.within.value", "en", days=365, low="€20.00", high="€80.50")
    assert said in [str(each.value).replace("\\", "") for each in page.test.caption]
    (table,) = page.test.dataframe
    some = len(table.value)
    back = t("customers.within.remove", "en")
    next(each for each in page.test.button if each.label == back).click().run()
    assert not Screen(page.test).failures
    assert "within" not in page.test.query_params
    assert back not in [each.label for each in page.test.button]
    assert some <= len(page.test.dataframe[0].value)
    nonsense = open_page("customers", warm=True, within="name:a:b")
    assert not nonsense.failures
    assert back not in [each.label for each in nonsense.test.button]
