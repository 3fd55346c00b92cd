"""The demo with lists of products made by hand: what people bought most, and what most people bought
that they did not. A model makes them better; these are for asking what becomes of a list."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import duckdb

_AGAIN = """
create or replace table offers_again as
with bought as (
    select customer_key, product_key, count(*)::int as times, max(day) as last_day,
           (max(day) - min(day)) / nullif(count(*) - 1, 0) as usual_days
    from facts.ledger where entry = 'sale' and customer_key is not null and product_key is not null
    group by 1, 2)
select customer_key,
       row_number() over (partition by customer_key order by times desc, product_id)::int as rank,
       product_id, (1.0 / times)::float as score, times, last_day, usual_days::float as usual_days,
       null::float as due
from bought join facts.product_facts using (product_key)
qualify rank <= 5
"""
_NEW = """
create or replace table offers_new as
with bought as (
    select distinct customer_key, product_id
    from facts.ledger join facts.product_facts using (product_key)
    where entry = 'sale' and customer_key is not null),
popular as (
    select product_id, count(*) as people from bought group by 1 order by 2 desc, 1 limit 20),
best as (
    select customer_key, max(product_id) as because_product_id from bought group by 1)
select customer_key,
       row_number() over (partition by customer_key order by people desc, product_id)::int as rank,
       popular.product_id, people::float as score, because_product_id, 9::int as because_people
from best cross join popular anti join bought using (customer_key, product_id)
qualify rank <= 5
"""
_PRODUCTS = """
create or replace table offer_products as
select product_id, count(*) filter (list = 'again')::int as again_people,
       count(*) filter (list = 'new')::int as new_people, 50::int as buyers,
       case when product_id < 'P1200' then 0.4 else 0.6 end::float as margin_rate,
       case when product_id like '%5' then null else true end as in_stock
from (select product_id, 'again' as list from offers_again union all
      select product_id, 'new' as list from offers_new) group by 1
"""
_TRIALS = """
create or replace table next_offer_trials as
select * from (values
    ('again', 'next_offer', date '2026-09-01', 900, 0.31, 0.22, 0.55),
    ('again', 'naive_popular', date '2026-09-01', 900, 0.12, 0.08, 0.30),
    ('new', 'next_offer', date '2026-09-01', 900, 0.09, 0.05, 0.20),
    ('new', 'naive_popular', date '2026-09-01', 900, 0.08, 0.05, 0.18)
) as trials(list, method, origin, customers, recall_10, ndcg_10, hit_10)
"""
_STATUS = """
delete from model_status where model = 'next_offer';
insert into model_status values ('next_offer', 'ready', '{}')
"""


def with_lists(var: Path) -> Path:
    """Puts the lists into the scores of a copy of the demo; files shared with others stay as they are."""
    folder = var / "demo"
    pointer = json.loads((folder / "current.json").read_text(encoding="utf-8"))
    scores = _file(folder, str(pointer["scores"]))
    fresh = scores.with_suffix(".own")
    shutil.copy2(scores, fresh)
    with duckdb.connect(str(fresh)) as con:
        con.execute(f"attach '{_file(folder, str(pointer['facts']))}' as facts (read_only)")
        for step in (_AGAIN, _NEW, _PRODUCTS, _TRIALS, *_STATUS.split(";")):
            con.execute(step)
    os.replace(fresh, scores)
    return var


def _file(folder: Path, name: str) -> Path:
    return next(path for path in folder.rglob("*.duckdb") if path.stem == name or path.name == name)
