"""Seconds and peak memory of one million customers as a hashed file for Meta, and for Google.

An invented shop: everybody has an e-mail and a phone that the import understood, one in ten a
number it did not; nineteen in twenty agreed to ads. The list is written by a process of its own, the
engine held to 128 MB (CLIENTELE_MEMORY_MB): what it may have beyond that comes on top.
`python -m bench.export_million [ROWS]`.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench._clock import ROOT, row
from crm_core.privacy.export import export_list
from crm_core.privacy.policy import Access
from crm_core.records import open_records
from crm_core.schema import VERSION
from crm_core.settings import Settings
from crm_core.store import open_store
from crm_core.store.write import Build, writing

ROWS = 1_000_000
NOW = datetime(2026, 7, 1, tzinfo=UTC)
BATCH = 200_000


def make(folder: Path, rows: int) -> None:
    """The shop's store and records."""
    (folder / "store").mkdir()
    with writing(folder / "store", _settings(folder)) as change, change.building("facts") as build:
        _fill(build, rows)
        build.put_meta({
            "name": "Many", "kind": "shop", "schema_version": str(VERSION), "currency": "EUR",
            "timezone": "UTC", "starts_with_shop": "true", "first_day": "2025-01-01",
            "last_day": "2026-06-30", "as_of": "2026-06-30",
        })  # fmt: skip
    records = open_records(f"sqlite:///{folder}/records.db")
    for start in range(0, rows, BATCH):
        key = np.arange(start, min(start + BATCH, rows))
        agreed = pa.array(key[key % 20 != 0], pa.int64())
        same = {
            "contact_channel": "ads", "purpose": "marketing", "state": "granted", "source": "form",
            "at": NOW,
        }  # fmt: skip
        columns = {name: pa.array([value] * len(agreed)) for name, value in same.items()}
        records.load_consents(pa.table({"customer_key": agreed, **columns}))
    records.close()


def _fill(build: Build, rows: int) -> None:
    key = pa.array(np.arange(rows), pa.int64())
    number = pc.utf8_lpad(key.cast(pa.string()), 7, "0")
    join = pc.binary_join_element_wise
    # Berlin numbers as a shop writes them; one in ten is told without its country.
    odd = pa.array(np.arange(rows) % 10 == 0)
    phone = pc.if_else(odd, join("030 ", number, "1", ""), join("+49 (0)30/", number, "1", ""))
    known = pc.if_else(odd, None, join("+4930", number, "1", ""))
    text = {
        "name": join("Mary Ann", number, " "),
        "email": join("Mary.Ann", number, "@Example.com", ""),
        "phone": phone,
        "address": join("Lindenstraße", number, " "),
        "postal_code": pc.utf8_slice_codeunits(number, 0, 5),
        "city": pa.array(["Berlin"] * rows),
    }
    build.upload("identities", pa.table({"customer_key": key, **text}))
    country = pa.array(["DE"] * rows)
    build.upload("customers", pa.table({"customer_key": key, "country": country}))
    build.upload("features", pa.table({"customer_key": key, "orders": key}))
    kinds = pa.array(["phone"] * rows)
    links = pa.table({"kind": kinds, "value": known, "customer_key": key})
    build.upload("identity_links", links.filter(pc.is_valid(links["value"])))


def _settings(folder: Path) -> Settings:
    return Settings.from_env({"CLIENTELE_VAR": str(folder), "CLIENTELE_MEMORY_MB": "128"})


def write(folder: Path, file_format: str) -> None:
    """Writes the list and tells what it took."""
    store = open_store(f"duckdb:///{folder}/store", settings=_settings(folder))
    records = open_records(f"sqlite:///{folder}/records.db")
    wall = time.perf_counter()
    result = export_list(
        access=Access("single_user", "bench"), store=store, records=records,
        members=store.table("features"), name="everybody", contact_channel="ads", columns=(),
        file_format=file_format, now=NOW, language="en", out=folder, confirmed_everyone=True,
        ads_consent_covers_use=True,
    )  # fmt: skip
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "rows": result.rows,
                "wall": time.perf_counter() - wall,
                "cpu": used.ru_utime + used.ru_stime,
                "peak": used.ru_maxrss / 1024,
                "mb": (folder / result.file_name).stat().st_size / 1e6,
            }
        )
    )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, rows)
        row(f"{rows:,} customers", "rows", "seconds", "CPU s", "peak MB", "file MB")
        for file_format in ("meta", "google"):
            command = [sys.executable, "-m", "bench.export_million", "--write", name, file_format]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
            told = json.loads(done.stdout)
            row(file_format, *(float(told[each]) for each in ("rows", "wall", "cpu", "peak", "mb")))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]), sys.argv[3])
    else:
        main()
