"""Care as tables of the scores snapshot: topics of contacts that have none, and what goes with care."""

from __future__ import annotations

import json
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from crm_core.errors import CrmError
from crm_core.metrics import contact_topics as topics
from crm_core.models.care_gaps import Association, Gap
from crm_core.pipeline.learned import Scoring
from crm_core.pipeline.rules import care_rules
from crm_core.store import Tables

TOPICS: Final = topics.LEARNED
CARE: Final = "care_pays"
#: Of so many contacts with words and a topic the latest are read.
_MOST_READ: Final = 20_000
_GAPS: Final = ("before", "bought", "value")
_ENDS: Final = ("case", "other", "low", "high")
_SCHEMA: Final = pa.schema(
    [
        ("exposure", pa.string()),
        ("horizon_days", pa.int32()),
        ("state", pa.string()),
        *((name, pa.int64()) for name in ("cases", "matched", "people", "checked")),
        *((f"{gap}_{end}", pa.float64()) for gap in _GAPS for end in _ENDS),
        ("slow_hours", pa.float64()),
    ]
)
_TOLD: Final = pa.schema([("contact_id", pa.string()), ("topic", pa.string())])


def contact_topics(job: Scoring) -> None:
    """`contact_topics`: contacts without a topic, with the one that a model tells, where it does better
    than the shop's rules; the document says how well both did.

    Raises: CrmError("topics_few") where too few contacts have words and a topic.
    """
    from crm_core.models.topic_model import learn, lessons, rule_teller, try_topics

    rules = care_rules(job.said).topics
    labelled = _labelled(job.build)
    trial = try_topics(labelled, rules)
    job.documents.append((TOPICS, json.dumps(trial.document())))
    if not trial.is_better:
        return
    teller = learn(lessons(labelled), rule_teller(rules))
    contacts = job.build.table("contacts")
    open_ones = contacts.filter(contacts.topic.nullif("").isnull() & contacts.message.notnull())
    open_ones = open_ones.select("contact_id", "message")
    found: list[pa.RecordBatch] = []
    for batch in job.build.stream(open_ones, purpose="score"):
        told = teller(batch.column("message").to_pylist()) if batch.num_rows else []
        columns = [batch.column("contact_id").cast(pa.string()), pa.array(told, pa.string())]
        found.append(pa.RecordBatch.from_arrays(columns, schema=_TOLD))
    rows = pa.Table.from_batches(found, _TOLD)
    job.build.upload(TOPICS, rows.filter(pc.not_equal(rows["topic"], "")))


def _labelled(tables: Tables) -> list[tuple[str, str]]:
    """Words and topics of the latest contacts that have both."""
    contacts = tables.table("contacts")
    kept = contacts.filter(contacts.topic.nullif("").notnull() & contacts.message.notnull())
    kept = kept.order_by(kept.occurred_at.desc(), kept.contact_id)
    kept = kept.select("message", "topic").limit(_MOST_READ)
    rows: list[tuple[str, str]] = []
    for batch in tables.stream(kept, purpose="fit"):
        rows += zip(
            batch.column("message").to_pylist(), batch.column("topic").to_pylist(), strict=True
        )
    return rows


def care(job: Scoring) -> None:
    """`care_pays`: what goes with slow replies, late parcels, contacts and complaints, a row for each and
    horizon (see `models.care_pays.Association`).

    Raises: CrmError("care_none") in a shop without contacts and without promised days.
    """
    from crm_core.models.care_pays import care_pays
    from crm_core.models.sampling import buyers_by

    rules = care_rules(job.said)
    told = care_pays(
        job.build,
        as_of=job.as_of,
        shop=job.store.meta,
        rules=rules,
        customers=buyers_by(job.build, job.as_of),
    )
    if all(each.state == "none" for each in told):
        raise CrmError("care_none")
    rows = [_row(each) | {"slow_hours": float(rules.reply_hours)} for each in told]
    job.build.upload(CARE, pa.Table.from_pylist(rows, _SCHEMA))


def _row(each: Association) -> dict[str, object]:
    row: dict[str, object] = {
        name: getattr(each, name) for name in _SCHEMA.names if hasattr(each, name)
    }
    for name in _GAPS:
        gap: Gap | None = getattr(each, name)
        if gap is not None:
            row |= {f"{name}_{end}": getattr(gap, end) for end in _ENDS}
    return row
