"""Every command that asks: the document it promises, on the demo shop."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crm_core.models import MODELS
from crm_core.schema import MARTS
from tests.cli.conftest import Command, OwnShop, Said
from tests.examples import fast

JUNE = ("--from", "2026-06-01", "--to", "2026-06-30")


def answered(said: Said) -> dict[str, Any]:
    assert (said.code, said.err) == (0, "")
    return said.answer


def refused(said: Said) -> tuple[str, dict[str, Any]]:
    """The code and facts of a refusal, told on both outputs."""
    assert said.code == 1
    document = said.answer
    assert set(document) == {"error", "message", "facts"}
    assert said.err == document["message"] + "\n"
    assert "Traceback" not in said.err
    return document["error"], document["facts"]


def test_the_demo_is_ready_and_says_so(demo: Command) -> None:
    answer = answered(demo("demo", "--json"))
    assert answer["store"].endswith("/demo")
    assert answer["currency"] == "EUR"


def test_status(demo: Command) -> None:
    answer = answered(demo("status", "--json", "--max-age-days", "99999"))
    assert {"snapshot", "tables", "from", "to", "currency", "timezone", "stale"} <= set(answer)
    assert set(MARTS) <= set(answer["tables"])
    assert answer["tables"]["orders"] > answer["tables"]["order_facts"] > 30_000
    assert date.fromisoformat(answer["from"]) < date.fromisoformat(answer["to"])
    assert answer["stale"] is False  # not older than a schedule allows


def test_measure_knows_care_and_parcels(demo: Command) -> None:
    answer = answered(demo("measure", "reply_median", "csat", "--by", "topic", *JUNE, "--json"))
    by_topic = {row["topic"]: row for row in answer["rows"]}
    assert by_topic["return"]["reply_median_n"] > 10
    assert 0 < answer["totals"]["csat"] < 1
    late = answered(demo("measure", "late_rate", "--by", "month", "--json"))
    assert late["rows"][0]["month"].endswith("-01")
    code, _ = refused(demo("measure", "csat", "late_rate", "--json"))
    assert code == "care_measured_alone"
    code, _ = refused(
        demo("measure", "csat", "--from", "2026-06-30", "--to", "2026-06-01", "--json")
    )
    assert code == "period_is_empty"


def test_measure_by_group_adds_up_to_the_total(demo: Command) -> None:
    wanted = ("measure", "revenue", "orders", "average_order_value", "buyers")
    answer = answered(demo(*wanted, *JUNE, "--by", "sales_channel", "--json"))
    assert set(answer) == {"rows", "totals"}
    assert set(answer["rows"][0]) == {"sales_channel", *wanted[1:]}
    for name in ("revenue", "orders"):
        parts = sum(row[name] for row in answer["rows"])
        assert parts == pytest.approx(answer["totals"][name])
    total = answer["totals"]
    assert total["average_order_value"] == pytest.approx(total["revenue"] / total["orders"])
    assert total["buyers"] <= sum(row["buyers"] for row in answer["rows"])
    assert answered(demo(*wanted, *JUNE, "--json")) == {"rows": [], "totals": total}


def test_changes_add_up_and_end_where_measure_does(demo: Command) -> None:
    asked = ("changes", *JUNE, "--by", "region", "--metric", "margin", "--against", "year")
    answer = answered(demo(*asked, "--json"))
    measured = answered(demo("measure", "margin", *JUNE, "--json"))["totals"]["margin"]
    assert answer["now"] == pytest.approx(measured, abs=0.005)
    assert answer["against_from"] == "2025-06-02"
    assert sum(answer["bars"].values()) == pytest.approx(answer["change"])
    assert sum(row["change"] for row in answer["groups"]) == pytest.approx(answer["change"])
    own = ("--against-from", "2026-05-01", "--against-to", "2026-04-01")
    assert demo("changes", *JUNE, *own, "--json").code == 1


def test_measure_by_two_dimensions_and_day(demo: Command) -> None:
    answer = answered(demo("measure", "orders", *JUNE, "--by", "day", "category", "--json"))
    assert {date.fromisoformat(row["day"]).month for row in answer["rows"]} == {6}
    assert {"day", "category", "orders"} == set(answer["rows"][0])


def test_measure_where_a_rule_holds(demo: Command) -> None:
    rule = json.dumps({"field": "orders", "operator": ">=", "value": 2})
    rest = json.dumps({"not": {"field": "orders", "operator": ">=", "value": 2}})
    everyone = answered(demo("measure", "keyed_revenue", "--json"))["totals"]["keyed_revenue"]
    two, one = (
        answered(demo("measure", "keyed_revenue", "--where", text, "--json"))["totals"][
            "keyed_revenue"
        ]
        for text in (rule, rest)
    )
    assert 0 < one < two
    assert one + two == pytest.approx(everyone, abs=0.01)


@pytest.mark.parametrize(
    "name", fast(sorted(set(MODELS) - {"forecast"}), "bg_nbd", "gamma_gamma", "rfm")
)
def test_fit(demo: Command, name: str) -> None:
    answer = answered(demo("fit", name, "--as-of", "2026-06-30", "--json"))
    promised = {"model", "as_of", "parameters", "standard_errors", "log_likelihood", "customers"}
    assert promised | {"distinct", "warnings"} <= set(answer)
    assert (answer["model"], answer["as_of"]) == (name, "2026-06-30")
    assert all(isinstance(value, int | float) for value in answer["parameters"].values())


def test_fit_in_weeks_is_the_same_model_in_another_unit(demo: Command) -> None:
    days, weeks = (
        answered(demo("fit", "bg_nbd", "--time-unit", unit, "--json"))["parameters"]
        for unit in ("day", "week")
    )
    assert weeks["r"] == pytest.approx(days["r"], rel=1e-3)
    assert weeks["alpha"] == pytest.approx(days["alpha"] / 7, rel=1e-3)


def test_validate_stands_beside_named_baselines(demo: Command) -> None:
    asked = ("validate", "bg_nbd", "--origin", "2026-06-30", "--horizon", "60", "--json")
    answer = answered(demo(*asked))
    methods = [row["method"] for row in answer["rows"]]
    assert methods[0] == answer["model"] == "bg_nbd"
    assert len(methods) > 1
    assert all(method.startswith("naive_") for method in methods[1:])
    for row in answer["rows"]:
        assert (row["origin"], row["horizon_days"]) == ("2026-06-30", 60)
        assert isinstance(row["mae"], float)


@pytest.mark.parametrize("name", ["rfm", "lifetime_value"])
def test_predict_one_customer_and_many(demo: Command, name: str) -> None:
    many = answered(demo("predict", name, "--json"))
    assert (many["model"], len(many["rows"])) == (name, 1_000)
    keys = [row["customer_key"] for row in many["rows"]]
    assert keys == sorted(set(keys))
    one = answered(demo("predict", name, "--customer", str(keys[17]), "--json"))
    assert one["rows"] == [many["rows"][17]]
    assert refused(demo("predict", name, "--customer", "999999999", "--json"))[0] == (
        "no_such_customer"
    )


def test_predict_the_days_ahead(demo: Command) -> None:
    answer = answered(demo("predict", "forecast", "--json"))
    ahead = [row for row in answer["rows"] if row["day"] > answer["as_of"]]
    assert ahead
    for row in ahead:
        assert row["low_95"] <= row["low_80"] <= row["value"] <= row["high_80"] <= row["high_95"]
    assert refused(demo("predict", "forecast", "--customer", "1", "--json"))[0] == (
        "no_such_customer"
    )


def test_predict_whole_weeks_with_their_buyers(demo: Command) -> None:
    rows = answered(demo("predict", "forecast", "--grain", "week", "--json"))["rows"]
    assert {row["grain"] for row in rows} == {"week"}
    buyers = [row for row in rows if row["measure"] == "weekly_buyers" and row["member"] == ""]
    assert len(buyers) == 13
    assert all(row["low_80"] <= row["value"] <= row["high_80"] for row in buyers)
    assert refused(demo("predict", "rfm", "--grain", "week", "--json"))[0] == "grain_of_forecast"


def test_an_audience_has_a_size_a_value_and_ways_to_reach_it(demo: Command) -> None:
    answer = answered(demo("audience", "segment:champions", "--count", "--json"))
    assert {"customers", "reachable", "value"} <= set(answer)
    assert set(answer["reachable"]) == {"email", "sms", "phone", "post", "ads"}
    assert 0 < max(answer["reachable"].values()) <= answer["customers"]
    rule = json.dumps({"field": "segment", "operator": "is", "value": "champions"})
    assert answered(demo("audience", rule, "--json")) == answer


PAST = ("--as-of", "2026-01-31", "--json")


@pytest.mark.slow
def test_a_past_audience_is_picked_by_what_was_known_then(demo: Command) -> None:
    fitted = answered(demo("fit", "rfm", *PAST))["parameters"]
    picked = answered(demo("audience", "segment:champions", *PAST))
    assert (picked["customers"], picked["value"]) == (fitted["customers_champions"], None)
    rule = json.dumps({"field": "p_no_order", "operator": "<", "value": 0.5})
    told = refused(demo("audience", rule, *PAST))
    assert told == ("scores_other_day", {"asked": "2026-01-31", "have": "2026-10-31"})


@pytest.mark.slow
def test_past_numbers_and_scores_are_those_of_the_day(demo: Command) -> None:
    rule = json.dumps({"field": "orders", "operator": ">=", "value": 1})
    everyone = answered(demo("audience", rule, *PAST))["customers"]
    fitted = answered(demo("fit", "rfm", *PAST))
    assert everyone == fitted["customers"]
    rows = answered(demo("predict", "rfm", *PAST))
    assert (rows["as_of"], len(rows["rows"])) == ("2026-01-31", 1_000)
    spent = answered(demo("measure", "revenue", "--where", "segment:champions", *PAST))
    whole = answered(demo("measure", "revenue", *PAST))
    until = answered(demo("measure", "revenue", "--to", "2026-01-31", "--json"))
    assert 0 < spent["totals"]["revenue"] < whole["totals"]["revenue"]
    assert whole["totals"] == until["totals"]
    told = refused(demo("predict", "lifetime_value", *PAST))
    assert told == ("scores_other_day", {"asked": "2026-01-31", "have": "2026-10-31"})


@pytest.mark.parametrize(
    ("asked", "code", "match"),
    [
        (("measure", "revenu"), "unknown_metric", "revenue"),
        (("measure", "revenue", "--by", "chanel"), "unknown_dimension", "sales_channel"),
        (("fit", "bgnbd"), "unknown_model", "bg_nbd"),
        (("validate", "lifetime_val"), "unknown_model", "lifetime_value"),
        (("predict", "forecasts"), "unknown_model", "forecast"),
        (("audience", '{"field": "order", "operator": ">", "value": 1}'), "rule_field", "orders"),
        (
            ("measure", "revenue", "--where", '{"field": "recency", "operator": "=", "value": 1}'),
            "rule_field",
            "recency_days",
        ),
    ],
)
def test_a_slip_gets_the_closest_name(
    demo: Command, asked: tuple[str, ...], code: str, match: str
) -> None:
    found, facts = refused(demo(*asked, "--json"))
    assert (found, facts["match"]) == (code, match)
    said = demo(*asked)
    assert (said.code, said.out) == (1, "")
    assert match in said.err


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("audience", "no such list"), "records_audience_unknown"),
        (("audience", '{"all": []'), "rule_unreadable"),
        (("measure", "revenue", "--from", "2026-06-30", "--to", "2026-06-01"), "period_is_empty"),
        (("predict", "bg_nbd"), "model_not_scored"),
        (("status", "--store", "sqlite:////etc/passwd"), "store_url"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    demo: Command, asked: tuple[str, ...], code: str
) -> None:
    assert refused(demo(*asked, "--json"))[0] == code


@pytest.mark.parametrize(
    "asked",
    [
        (),
        ("explode",),
        ("measure",),
        ("measure", "revenue", "--from", "yesterday"),
        ("measure", "revenue", "--from", "2026-02-30"),
        ("validate", "bg_nbd", "--horizon", "0"),
        ("fit", "bg_nbd", "--time-unit", "month"),
        ("demo", "--customers", "-5"),
        ("export", "segment:champions", "--for", "pdf", "--out", "x"),
        ("import", "x.csv", "--date-order", "ydm"),
    ],
)
def test_bad_usage_is_another_exit_code(demo: Command, asked: tuple[str, ...]) -> None:
    said = demo(*asked)
    assert (said.code, said.out) == (2, "")
    assert "usage:" in said.err
    assert "Traceback" not in said.err


def test_answers_for_people_have_one_fact_a_line(demo: Command) -> None:
    said = demo("measure", "revenue", "average_order_value", *JUNE, "--by", "sales_channel")
    lines = said.out.splitlines()
    assert lines[0] == "rows:"
    assert any(text.strip().startswith("sales_channel=web  revenue=") for text in lines)
    assert any(text.strip().startswith("average_order_value: ") for text in lines)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("postgresql+psycopg://shop:hunter2@127.0.0.1:1/shop", "records_unreachable"),
        ("postgresql+psycopg://shop:hunter2@host:port/shop", "records_url_unknown"),
        ("mysql://shop:hunter2@127.0.0.1/shop", "store_url"),
    ],
)
def test_a_password_in_an_address_is_never_repeated(demo: Command, address: str, code: str) -> None:
    said = demo("status", "--store", address, "--json")
    assert refused(said)[0] == code
    assert "hunter2" not in said.out + said.err


def test_the_demo_takes_no_files_however_it_is_named(demo: Command, orders_folder: Path) -> None:
    url = answered(demo("demo", "--json"))["store"]
    for spelt in ((), ("--store", url), ("--store", f"{url}/"), ("--store", f"{url}/../demo")):
        said = demo("import", orders_folder, *spelt, "--json")
        assert refused(said)[0] == "demo_is_read_only"
    said = demo("demo", "--customers", "10", "--store", f"{url}/", "--json")
    assert refused(said)[0] == "demo_is_read_only"


@pytest.mark.slow
def test_an_invented_shop_is_made_where_one_says(shop: OwnShop) -> None:
    made = answered(shop("demo", "--json"))
    assert made["store"] == shop.url
    assert made["tables"]["customers"] > 4_000
