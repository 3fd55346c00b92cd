"""Server CPU of 200 random questions of the Explore page, and 50 of them against plain SQL.

Up to three dimensions, up to two filters, one to three metrics, over a month to the whole log. On
a store of the demo's size (40,000 orders), or of `--customers N`; `--store URL` takes one that is
there. The SQL goes over the raw ledger rows of the file and knows nothing of our expressions.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles

import duckdb

from bench._clock import command, cpu, row
from crm_core.errors import CrmError
from crm_core.metrics import METRICS
from crm_core.metrics.exploration import Exploration
from crm_core.metrics.explore import WHOLE, Explored, check, explore
from crm_core.metrics.explore_lines import is_time
from crm_core.selection import Period, Selection
from crm_core.settings import Settings
from crm_core.store import Store, engine_of

ASKED_MS = 60
QUESTIONS, CHECKED, SEED = 200, 50, 7
_MONEY = "coalesce(sum({}), 0)"
#: Plain SQL of metrics and dimensions over `l` (ledger), `o` (orders), `c` (people).
SQL_METRICS: Mapping[str, str] = {
    "revenue": _MONEY.format("l.gross - l.discount"),
    "net_revenue": _MONEY.format("l.gross - l.discount - l.refund"),
    "refunds": _MONEY.format("l.refund"),
    "discounts": _MONEY.format("l.discount"),
    "units": "coalesce(sum(l.units) FILTER (l.entry = 'sale'), 0)",
    "orders": "count(DISTINCT l.order_key) FILTER (l.entry = 'sale')",
    "buyers": "count(DISTINCT l.customer_key) FILTER (l.entry = 'sale')",
    "average_order_value": "coalesce(sum(l.gross - l.discount), 0) "
    "/ nullif(count(DISTINCT l.order_key) FILTER (l.entry = 'sale'), 0)",
}
SQL_DIMENSIONS: Mapping[str, str] = {
    "month": "strftime(date_trunc('month', l.day), '%Y-%m-%d')",
    "quarter": "strftime(date_trunc('quarter', l.day), '%Y-%m-%d')",
    "weekday": "isodow(l.day)::varchar",
    "sales_channel": "l.sales_channel",
    "category": "l.category",
    "subcategory": "l.subcategory",
    "product": "l.product_key::varchar",
    "region": "l.region",
    "acquisition_source": "l.acquisition_source",
    "payment_method": "o.payment_method",
    "coupon": "o.coupon_code",
    "cohort": "strftime(date_trunc('month', c.first_day), '%Y-%m-%d')",
    "country": "c.country",
}
_JOINED = (
    "FROM ledger l LEFT JOIN order_facts o USING (order_key) "
    "LEFT JOIN customer_facts c ON c.customer_key = l.customer_key "
)


def questions(store: Store, chance: random.Random) -> list[tuple[Exploration, Period]]:
    """Random questions that have an answer."""
    last, first = store.meta.as_of, store.meta.first_day
    values = {name: _values(store, name, Period(first, last)) for name in ("category", "region")}
    found: list[tuple[Exploration, Period]] = []
    while len(found) < QUESTIONS:
        by = chance.sample(sorted(SQL_DIMENSIONS), chance.randint(1, 3))
        pairs = [(name, code) for name, codes in values.items() for code in codes]
        asked = Exploration(
            metrics=tuple(chance.sample(sorted(SQL_METRICS), chance.randint(1, 3))),
            by=tuple(by),
            where=tuple(chance.sample(pairs, chance.randint(0, 2))),
        )
        days = chance.choice([30, 90, 365, (last - first).days])
        try:
            check(asked, Selection())
        except CrmError:
            continue
        found.append((asked, Period(last - timedelta(days), last)))
    return found


def _values(store: Store, name: str, period: Period) -> list[str]:
    answer = explore(store, Selection(), Exploration(by=(name,)), period=period)
    return [line.keys[0] for line in answer.lines if line.kind == "row"][:6]


def differing(
    answer: Explored, period: Period, run: Callable[[str], list[tuple[float, ...]]]
) -> int:
    """How many cells of an answer plain SQL over the ledger's rows gives otherwise."""
    asked = answer.asked
    chosen: dict[str, list[str]] = {}
    for name, code in asked.where:
        chosen.setdefault(name, []).append(code)
    scope = [f"l.day BETWEEN '{period.start}' AND '{period.end}'"]
    for name, codes in chosen.items():
        scope.append(_among(name, codes))
    wrong = 0
    figures = ", ".join(SQL_METRICS[name] for name in asked.metrics)
    rows = [line for line in answer.lines if line.kind == "row"]
    for line in [*rows[:3], *answer.lines[-2:]]:
        where = list(scope)
        where += [_among(name, [code]) for name, code in zip(asked.by, line.keys, strict=False)]
        if line.kind == "others":
            places = [i for i, name in enumerate(asked.by) if not is_time(name)]
            shown = {tuple(each.keys[i] for i in places) for each in rows}
            told = [
                " AND ".join(
                    _among(asked.by[i], [code]) for i, code in zip(places, codes, strict=True)
                )
                for codes in sorted(shown)
            ]
            where.append("NOT (" + " OR ".join(f"({each})" for each in told) + ")")
        (found,) = run(f"SELECT {figures} {_JOINED} WHERE {' AND '.join(where)}")
        for name, value in zip(asked.metrics, found, strict=True):
            ours = line.values.get((name, WHOLE))
            wrong += abs(float(value or 0) - (ours or 0)) > 0.006
    return wrong


def _among(name: str, codes: list[str]) -> str:
    listed = ", ".join("'" + code.replace("'", "''") + "'" for code in codes)
    return f"coalesce({SQL_DIMENSIONS[name]}, '') IN ({listed})"


def measured(url: str, settings: Settings) -> None:
    """Runs the questions and prints the table."""
    engine = engine_of(url, settings)
    store = engine.open()
    asked = questions(store, random.Random(SEED))
    for question, period in asked[:3]:
        explore(store, Selection(), question, period=period)  # what is loaded once
    taken: dict[str, list[float]] = {"additive": [], "distinct": []}
    answers: list[tuple[Explored, Period]] = []
    for question, period in asked:
        kind = "additive"
        if any(METRICS[name].additivity != "additive" for name in question.metrics):
            kind = "distinct"

        def answer(question: Exploration = question, period: Period = period) -> None:
            answers.append((explore(store, Selection(), question, period=period), period))

        taken[kind].append(cpu(answer) * 1000)
    every = [each for kind in taken.values() for each in kind]
    orders = store.fetch(store.table("order_facts").count().name("n").as_table())["n"].iloc[0]
    row(f"{int(orders):,} orders, CPU ms", "questions", "median", "p95", "asked")
    for name, each in {**taken, "all": every}.items():
        cut = quantiles(each, n=20)[18] if len(each) > 1 else each[0]
        row(name, len(each), median(each), cut, f"<= {ASKED_MS}" if name == "all" else "")
    facts = engine.folder / str(engine.pointer().facts)
    with duckdb.connect(str(facts), read_only=True) as connection:
        wrong = sum(
            differing(found, period, lambda sql: connection.execute(sql).fetchall())
            for found, period in answers[:CHECKED]
        )
    row("cells unlike plain SQL", wrong, f"of {CHECKED} questions")
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store")
    parser.add_argument("--customers", type=int)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as var:
        settings = Settings(var=Path(var))
        url = given.store
        if url is None:
            url = f"duckdb:///{var}/shop"
            more = ["--customers", str(given.customers)] if given.customers else []
            command(["demo", *more, "--store", url], CLIENTELE_VAR=var)
        measured(url, settings)


if __name__ == "__main__":
    main()
