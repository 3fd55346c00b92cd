"""What the command line does: each job takes plain arguments and gives one plain document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from inspect import signature
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from crm_core.audiences import (
    members,
    members_at,
    rule_of,
    size,
    size_at,
)
from crm_core.errors import CrmError
from crm_core.metrics import between, measure, scope
from crm_core.pipeline.care_jobs import is_of_care, measure_of_care
from crm_core.pipeline.feeds import store_feeds
from crm_core.pipeline.imports import last_import
from crm_core.pipeline.planned_events import planned_events
from crm_core.pipeline.rules import care_rules
from crm_core.pipeline.scores import refresh_marts, refresh_scores
from crm_core.pipeline.told_scores import model_spec, scores_of
from crm_core.pipeline.undo import rebuild_store
from crm_core.pipeline.workspace import (
    demo_url,
    ensure_demo,
    is_empty,
    open_workspace,
    remake_without,
    store_url,
    workspace,
)
from crm_core.privacy.files import CsvFile, appearing, plain_values
from crm_core.records import Records, open_records
from crm_core.schema import MARTS, TABLES
from crm_core.selection import Period, Selection
from crm_core.settings import Settings
from crm_core.store import Store, engine_of

Progress = Callable[[str, float], None]
Answer = dict[str, Any]

STALE_DAYS = 3
_HORIZON_DAYS = 91
_USUAL_SIZE = 5_000


def url_of(settings: Settings, store: str | None) -> str:
    """The store a command means: the one named, else the settings', else the demo."""
    return store or settings.store_url or demo_url(settings)


@contextmanager
def opened(settings: Settings, store: str | None) -> Iterator[tuple[Store, Records]]:
    """A store and its records for the length of a job."""
    found, records = open_workspace(settings, workspace(settings, url_of(settings, store)))
    try:
        yield found, records
    finally:
        found.close()
        records.close()


def demo(
    settings: Settings,
    store: str | None,
    *,
    customers: int | None,
    seed: int,
    now: datetime,
    progress: Progress,
) -> Answer:
    """Builds the bundled demo store; or, where a size or a place is named, a generated one into a
    store of its own, of 5,000 customers if nothing else is said.

    Raises: CrmError("demo_into_shop") rather than add invented customers to a real shop.
    """
    if customers is None and (store is None or _is_demo(settings, store)):
        url = ensure_demo(settings, now=now, progress=progress)
    else:
        from crm_core.pipeline.generate import generate_store

        size = customers or _USUAL_SIZE
        url = store or store_url(settings.var / f"demo-{size}")
        _check_no_shop(settings, url)
        generate_store(
            url, settings=settings, customers=size, seed=seed, now=now, progress=progress
        )
    return {"store": engine_of(url, settings).shown, **status(settings, url, today=now.date())}


def _check_no_shop(settings: Settings, url: str) -> None:
    if _is_demo(settings, url):
        raise CrmError("demo_is_read_only")
    if not is_empty(url, settings):
        store = engine_of(url, settings).open()
        store.close()
        if store.meta.kind != "demo":
            raise CrmError("demo_into_shop")


def own_url(settings: Settings, store: str | None) -> str:
    """The store a command means that changes one.

    Raises: CrmError("demo_is_read_only").
    """
    url = url_of(settings, store)
    if _is_demo(settings, url):
        raise CrmError("demo_is_read_only")
    return url


def _is_demo(settings: Settings, url: str) -> bool:
    """Whether a URL means the bundled demo store, however it is written."""
    demo = engine_of(demo_url(settings), settings)
    return engine_of(url, settings).folder.resolve() == demo.folder.resolve()


def status(
    settings: Settings, store: str | None, *, today: date, max_age_days: int = STALE_DAYS
) -> Answer:
    """What a store holds, from when to when, and whether it is stale: its last order is more
    than `max_age_days` old."""
    with opened(settings, store) as (found, _):
        names = [name for name in (*TABLES, *MARTS) if name != "consents" and found.has(name)]
        counts = {
            name: int(found.fetch(found.table(name).count().name("n").as_table()).iloc[0]["n"])
            for name in names
        }
        meta = found.meta
        return {
            "snapshot": found.snapshot,
            "scores": found.scores_snapshot,
            "scores_as_of": found.scores_as_of,
            "scores_damaged": found.scores_damaged,
            "tables": counts,
            "from": meta.first_day,
            "to": meta.last_day,
            "as_of": meta.as_of,
            "currency": meta.currency,
            "timezone": meta.timezone,
            "starts_with_shop": meta.starts_with_shop,
            "last_import": last_import(found),
            "stale": (today - meta.last_day).days > max_age_days,
            **store_feeds(found).report(),
        }


def refresh(
    settings: Settings,
    store: str | None,
    *,
    as_of: date | None,
    rebuild: bool = False,
    now: datetime,
    progress: Progress,
) -> Answer:
    """Marts under today's settings, then features and scores; seconds a step.

    With `rebuild` the store is first made anew from all its imports. Originals of uploads that
    were kept long enough go.
    """
    url = url_of(settings, store)
    records = open_records(workspace(settings, url).records_url)
    try:
        if rebuild:
            rebuild_store(url, settings=settings, records=records, now=now, progress=progress)
        seconds = refresh_marts(url, settings=settings, records=records, now=now, progress=progress)
        seconds |= refresh_scores(
            url,
            settings=settings,
            said=records.shop_settings(),
            planned=planned_events(records),
            as_of=as_of,
            progress=progress,
        )
        remake_without(url, settings=settings, records=records, progress=progress)
    finally:
        records.close()
    return {"store": engine_of(url, settings).shown, "seconds": seconds}


def measure_metrics(
    settings: Settings,
    store: str | None,
    names: Sequence[str],
    *,
    by: Sequence[str],
    start: date | None,
    end: date | None,
    rule: str | None,
    as_of: date | None = None,
) -> Answer:
    """Metrics by dimensions, with the totals re-measured; `as_of` a day, by what was known then."""
    with opened(settings, store) as (found, records):
        period = Period(start or found.meta.first_day, end or found.meta.last_day)
        if period.days < 1:
            raise CrmError("period_is_empty", start=period.start, end=period.end)
        if is_of_care(names):
            if rule or as_of:
                raise CrmError("care_measured_alone")
            rules = care_rules(records.shop_settings())
            return measure_of_care(found, rules, names, by=by, period=period)
        rows = scope(found, Selection()) if as_of is None else found.at(as_of).table("ledger")
        if start or end:
            rows = between(rows, period)
        if rule:
            said = rule_of(rule, records)
            picked = members(found, said) if as_of is None else members_at(found, said, as_of)
            picked = picked.select("customer_key")
            rows = rows.semi_join(picked, "customer_key")
        result = measure(found, names, rows=rows, by=by)
        return {"rows": _rows(result.rows) if by else [], "totals": result.totals}


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    records = frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
    return [{str(name): _cell(value) for name, value in row.items()} for row in records]


def _cell(value: Any) -> Any:
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else value


def fit_model(
    settings: Settings, store: str | None, name: str, *, as_of: date | None, time_unit: str
) -> Answer:
    """A model's parameters on this shop's log."""
    with opened(settings, store) as (found, records):
        fit = model_spec(name).verb("fit")
        # Only models of a purchase rhythm have a unit of time to choose, only churn a horizon.
        given = {
            "time_unit": time_unit,
            "horizon_days": records.shop_settings().churn_horizon_days,
            "planned": planned_events(records),
        }
        fitted = fit(found, as_of=as_of or found.meta.as_of, **_taken(fit, given))
        return json.loads(fitted.to_json())


def validate_model(
    settings: Settings,
    store: str | None,
    name: str,
    *,
    origin: date | None,
    horizon_days: int | None,
) -> Answer:
    """The back-test table of a model on this shop's own past, beside named baselines."""
    with opened(settings, store) as (found, records):
        horizon = horizon_days or _HORIZON_DAYS
        origins = [origin or found.meta.as_of - timedelta(horizon)]
        validate = model_spec(name).verb("validate")
        known = _taken(validate, {"planned": planned_events(records)})
        rows = validate(found, origins=origins, horizon_days=horizon, **known)
        return {"model": name, "rows": rows}


def _taken(verb: Callable[..., Any], given: Answer) -> Answer:
    """What a model's function asks for of all that is given."""
    return {name: value for name, value in given.items() if name in signature(verb).parameters}


def predict(
    settings: Settings,
    store: str | None,
    name: str,
    *,
    customer: int | None,
    as_of: date | None = None,
    grain: str = "day",
) -> Answer:
    """A model's scores, current or as of a day: of one customer, or the first thousand by key.

    Raises: CrmError of `scores_of`, ("no_such_customer").
    """
    with opened(settings, store) as (found, _):
        table = scores_of(found, name, as_of, grain=grain)
        if customer is not None:
            if "customer_key" not in table.columns:
                raise CrmError("no_such_customer")
            table = table.filter(table.customer_key == customer)
        frame = found.fetch(table.limit(1000))
        if customer is not None and frame.empty:
            raise CrmError("no_such_customer")
        return {"model": name, "as_of": as_of or found.scores_as_of, "rows": _rows(frame)}


def write_scores(store: Store, table: ir.Table, out: Path) -> int:
    """Writes scores that are nobody's, such as those of days, to a CSV file; how many rows.

    Raises: CrmError("privacy_file_unwritable").
    """
    rows = 0
    with appearing(out) as stream:
        file = CsvFile(stream, table.columns)
        for batch in store.stream(table, purpose="export"):
            file.write([plain_values(batch[name]) for name in table.columns])
            rows += batch.num_rows
        file.close()
    return rows


def audience(settings: Settings, store: str | None, rule: str, *, as_of: date | None) -> Answer:
    """How many a rule picks, what they are worth, and how they can be reached.

    Raises: CrmError("scores_other_day") as of another day, where the rule is about what would
    have to be learned anew.
    """
    with opened(settings, store) as (found, records):
        said = rule_of(rule, records)
        found_size = size(found, said) if as_of is None else size_at(found, said, as_of)
        return {
            "customers": found_size.customers,
            "reachable": found_size.reachable,
            "value": found_size.expected_contribution,
            "revenue_365d": found_size.revenue_365d,
        }
