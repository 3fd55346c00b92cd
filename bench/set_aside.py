"""What finds made-up orders and reviews, and whom it wrongs: `python -m bench.set_aside [--tuned]`

Five invented shops without their own brushed orders (one person in 400 orders is staff, there are
sales, launches and empty shelves), each with three innocent rushes (a product recommended somewhere:
fresh accounts, one address each) and a dormitory. Into a copy of each, made-up rows of one kind of
attacker are put: one in a hundred orders and one in a hundred reviews. The numbers and words of the
attackers are those of `models.look_planted`; the points were settled on those of `--tuned`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crm_core.demo import END_DAY, Truths, generate, write_canonical
from crm_core.models.look_planted import (
    CRUDE,
    HALF_HIDDEN,
    HIDDEN,
    LEVELS,
    MADE,
    PRAISE,
    Attack,
    Rows,
    plant,
)
from crm_core.models.look_trial import Copied, Found, copied, frames, judged, with_rows
from crm_core.models.looking import NAME, look
from crm_core.pipeline.imports import Wishes, run_import
from crm_core.pipeline.workspace import store_url, workspace
from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.store import open_store
from crm_core.store.imports import recognise

SEEDS = (11, 12, 13, 14, 15)
CUSTOMERS = 3_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)

#: Other numbers and other words than those that are measured.
TUNED = (
    replace(
        CRUDE, span_days=4, orders=(12, 40), ring=18, places=2, ring_share=0.8, night_share=0.4,
        note_share=0.2, at_once_share=0.5, quick_share=0.2, review_share=0.5, early_share=0.15,
    ),
    replace(
        HALF_HIDDEN, span_days=14, orders=(10, 20), ring=24, places=6, ring_share=0.6,
        night_share=0.15, extra_share=0.35, two_pieces_share=0.1, copied_share=0.6, review_share=0.5,
    ),
    replace(HIDDEN, span_days=28, orders=(5, 10), extra_share=0.6),
)  # fmt: skip
TUNED_PRAISE = (
    "{Wow|Amazing}, this {item|thing} is {brilliant|fantastic}, {delivery|shipping} in {two days|no time}, "
    "{the team|service} was {helpful|nice}, {will come back|see you again}",
    "{Can't believe|Hard to believe} how {good|nice} this is for the {price|money}, {already|just} ordered "
    "{another|one more} for my {sister|mother}, {thanks a lot|thank you}",
    "{宝贝|东西}{很赞|特别棒}，{颜值高|好看}，{用起来|使用}很{顺手|方便}，{客服|卖家}{耐心|热情}，{好评|五星}推荐",
    "{买对了|没买错}，{材质|用料}{扎实|厚实}，{朋友|同事}都来问{链接|哪里买的}，{以后|下次}继续{支持|光顾}",
)
RUSH = Attack("rush", 6, (25, 45), 0, 0, 0, 0.03, 0, 0, 0, 0.3, 0.25, 0, 0.13, (24, 260), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tuned", action="store_true", help="the attackers the points are from")
    given = parser.parse_args()
    levels, praise = (TUNED, TUNED_PRAISE) if given.tuned else (LEVELS, PRAISE)
    found: list[Found] = []
    for seed in SEEDS:
        shop = clean_shop(seed)
        with with_rows(shop, None) as clean:
            before = process_time()
            seen = look(clean, as_of=END_DAY)
            print(
                f"seed {seed}: {seen.seen_orders} orders, {seen.seen_reviews} reviews, clean:",
                *[
                    f"{int(rows['needs_a_look'].sum())} {what} ({rows['needs_a_look'].sum() / total:.3%})"
                    for what, rows, total in (
                        ("orders", seen.orders, seen.seen_orders),
                        ("reviews", seen.reviews, seen.seen_reviews),
                    )
                ],
                f"look {process_time() - before:.1f} CPU s",
                flush=True,
            )
        for attack in levels:
            found += judged(shop, attack, as_of=END_DAY, seed=seed, praise=praise)
    for line in told(found):
        print(line)


def told(found: list[Found]) -> Iterator[str]:
    """A line a level, kind and method: means over the shops, and the worst precision and recall."""
    frame = pd.DataFrame([vars(each) for each in found])
    for (level, what, method), rows in frame.groupby(["level", "what", "method"], sort=False):
        balanced = (rows["recall"] + 1 - _wrong(rows)) / 2
        yield (
            f"{level:12} {what:8} {method:24} planted {rows['planted'].sum():4} "
            f"precision {rows['precision'].mean():.3f} (worst {rows['precision'].min():.3f}) "
            f"recall {rows['recall'].mean():.3f} (worst {rows['recall'].min():.3f}) "
            f"average precision {rows['average_precision'].mean():.3f} "
            f"balanced accuracy {balanced.mean():.3f}"
            + (f" false {_wrong(rows).mean():.3%}" if method == NAME else "")
        )


def _wrong(rows: pd.DataFrame) -> pd.Series:
    hits = rows["recall"] * rows["planted"]
    return (rows["named"] - hits) / (rows["rows"] - rows["planted"])


def clean_shop(seed: int) -> Copied:
    """An invented shop without its brushed orders and bought reviews, with innocents that look odd."""
    truths = Truths()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables = generate(customers=CUSTOMERS, seed=seed, end_day=END_DAY, truths=truths)
        write_canonical(folder / "files", tables, end_day=END_DAY)
        settings = Settings(var=folder / "var", single_user=True)
        url = store_url(folder / "var" / "shop")
        with closing(open_records(workspace(settings, url).records_url)) as records:
            run_import(
                recognise([folder / "files"]), url=url, settings=settings, records=records, now=NOW,
                wishes=Wishes(name="bench", kind="demo"),
            )  # fmt: skip
        with closing(open_store(url, settings=settings)) as store:
            shop = dict(copied(store, END_DAY))
    known = truths.document()
    for table in ("order_facts", "orders", "order_lines", "refunds"):
        shop[table] = _less(shop[table], "order_id", known["brushed_orders"])
    shop["reviews"] = _less(shop["reviews"], "review_id", known["bought_reviews"])
    return innocents(shop, seed)


def _less(rows: pa.Table, column: str, gone: list[str]) -> pa.Table:
    return rows.filter(pc.invert(pc.is_in(rows[column], pa.array(gone, pa.string()))))


def innocents(shop: Copied, seed: int) -> Copied:
    """Three rushes of fresh accounts that nobody made up, and thirty people in one house."""
    share = 3 * 35 / len(shop["order_facts"])
    made = plant(frames(shop), RUSH, share=share, seed=seed + 1_000)
    good = {
        name: rows.replace({f"^{MADE}": "GOOD-"}, regex=True) if len(rows) else rows
        for name, rows in made.tables.items()
    }
    with with_rows(shop, Rows(good)) as both:
        told = {
            name: pa.Table.from_batches(both.stream(both.table(name), purpose="fit"))
            for name in both.names()
        }
    people = told["identities"].to_pandas()
    draw = np.random.default_rng(seed)
    house = draw.choice(len(people), 30, replace=False)
    people.loc[house, ["address", "postal_code"]] = ("Studentenweg 1", "10115")
    told["identities"] = pa.Table.from_pandas(
        people, schema=told["identities"].schema, preserve_index=False
    )
    return told


if __name__ == "__main__":
    main()
