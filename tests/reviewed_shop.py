"""The demo with its reviews read: what the refresh's step makes, put into a copy's scores."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from pathlib import Path

import duckdb

from crm_core.pipeline.learned import Scoring
from crm_core.pipeline.review_steps import TABLES, reviews
from crm_core.pipeline.workspace import demo_url
from crm_core.settings import Settings
from crm_core.store import engine_of


def with_reviews(var: Path) -> Path:
    """Reads the reviews of a copy of the demo; files shared with others stay as they are."""
    settings = Settings(var=var)
    folder = var / "demo"
    before = json.loads((folder / "current.json").read_text(encoding="utf-8"))
    with (
        engine_of(demo_url(settings), settings).writing() as change,
        closing(change.facts()) as store,
        change.building("scores") as build,
    ):
        job = Scoring(build, store, store.meta.as_of)
        reviews(job)
        build.put_meta({"as_of": job.as_of.isoformat(), "facts": store.snapshot})
        ((model, document),) = job.documents
    after = json.loads((folder / "current.json").read_text(encoding="utf-8"))
    fresh = folder / f"own-{os.path.basename(before['scores'])}"
    shutil.copy2(folder / before["scores"], fresh)
    with duckdb.connect(str(fresh)) as con:
        con.execute(f"attach '{folder / after['scores']}' as read (read_only)")
        for name in TABLES:
            con.execute(f"create or replace table {name} as select * from read.main.{name}")
        con.execute("delete from fitted where model = ?", [model])
        con.execute("insert into fitted values (?, ?)", [model, document])
        con.execute("delete from model_status where model = ?", [model])
        con.execute("insert into model_status values (?, 'ready', '{}')", [model])
    os.replace(fresh, folder / before["scores"])
    (folder / "current.json").write_text(json.dumps(before), encoding="utf-8")
    return var
