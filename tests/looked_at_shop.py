"""The demo with a queue made by hand: some of its brushed orders and bought reviews, in two cases.
A model finds them better; these are for asking what becomes of a row in the queue."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import duckdb

from tests.contracts.tree import ROOT

PRODUCTS = ("P1046", "P1228")
_ORDER_FACTS = {
    "for": {
        "rush": {"points": 2.0, "seen": 24, "usual": 1.3, "days": 7},
        "in_step": {"points": 2.0, "partners": 11, "rushes": 3},
        "note": {"points": 3.0, "word": "刷单"},
    },
    "against": {"history": {"points": 0.5, "orders": 12, "products": 4}},
}
_REVIEW_FACTS = {
    "for": {
        "twins": {"points": 2.0, "twins": 7, "usual": 1.1, "ever": 27},
        "its_order": {"points": 2.0},
    },
    "against": {"bought": {"points": 0.25}},
}
_ORDERS = """
create or replace table look_orders as
select distinct o.order_key, o.order_id, l.product_id, o.day, 6.5::double as points, 3::int as kinds,
       true as needs_a_look, (list_position(['P1046', 'P1228'], l.product_id))::int as "case",
       ?::varchar as facts
from facts.order_facts o join facts.order_lines l using (order_id)
where o.order_id in (select unnest(?)) and l.product_id in ('P1046', 'P1228')
  and o.day between date '2026-06-01' and date '2026-07-31'
"""
_REVIEWS = """
create or replace table look_reviews as
select r.review_id, r.order_id, r.stars::int as stars, r.product_id, r.day, 4.0::double as points,
       3::int as kinds, true as needs_a_look, o."case", ?::varchar as facts
from facts.reviews r join look_orders o using (order_id)
"""
_STATUS = """
delete from model_status where model = 'set_aside';
insert into model_status values ('set_aside', 'ready', '{}');
delete from fitted where model = 'set_aside';
insert into fitted values ('set_aside', '{"as_of": "2026-10-31", "parameters": {"orders": 38336.0, "reviews": 5088.0}}')
"""


def with_queue(var: Path) -> Path:
    """Puts the queue into the scores of a copy of the demo; files shared with others stay as they
    are."""
    folder = var / "demo"
    pointer = json.loads((folder / "current.json").read_text(encoding="utf-8"))
    truths = json.loads((ROOT / "data" / "truths.json").read_text(encoding="utf-8"))
    scores = folder / str(pointer["scores"])
    fresh = scores.with_suffix(".own")
    shutil.copy2(scores, fresh)
    with duckdb.connect(str(fresh)) as con:
        con.execute(f"attach '{folder / str(pointer['facts'])}' as facts (read_only)")
        told = [json.dumps(_ORDER_FACTS, ensure_ascii=False), truths["brushed_orders"]]
        con.execute(_ORDERS, told)
        con.execute(_REVIEWS, [json.dumps(_REVIEW_FACTS, ensure_ascii=False)])
        for step in _STATUS.split(";"):
            con.execute(step)
    os.replace(fresh, scores)
    return var
