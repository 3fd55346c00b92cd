"""A shop moves to another machine by its backup: the folder it was in is gone, nobody is at home."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm_core.metrics import METRICS, measure, scope
from crm_core.pipeline.workspace import open_workspace, workspace
from crm_core.privacy.gate import identities
from crm_core.privacy.policy import Access
from crm_core.records import Item, Records, ShopSettings, open_records
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.store import Store
from tests.contracts.tree import ROOT
from tests.servers.postgresql import Server
from tests.small_shop import NOW, line, order, write_rows
from tests.spring_shop import spring_rows

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgres")]
PEOPLE = list(range(1, 13))


@dataclass(frozen=True)
class Machine:
    """A machine with a home and a folder of its own; its store there or on a server."""

    place: Path
    server: str = ""

    @property
    def var(self) -> Path:
        return self.place / "var"

    @property
    def store(self) -> str:
        return self.server or f"duckdb:///{self.var / 'shop'}"

    @property
    def settings(self) -> Settings:
        return Settings(var=self.var, single_user=True, memory_limit_mb=256)

    def records(self) -> Records:
        return open_records(workspace(self.settings, self.store).records_url)

    def __call__(self, *arguments: str | Path) -> dict[str, Any]:
        """A command as a schedule runs it: nothing of this process's surroundings but the path."""
        home = self.place / "home"
        home.mkdir(parents=True, exist_ok=True)
        given = {"HOME": str(home), "PATH": os.environ["PATH"], "TMPDIR": str(home)}
        told = subprocess.run(
            [sys.executable, "-m", "crm_core", *map(str, arguments), "--json"],
            env={**given, "CLIENTELE_VAR": str(self.var), "CLIENTELE_STORE": self.store},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert told.returncode == 0, (told.stdout, told.stderr)
        document: dict[str, Any] = json.loads(told.stdout)
        return document


def decide(records: Records) -> None:
    """Some of everything that people decide."""
    records.save_shop_settings(
        ShopSettings(default_margin=Decimal("0.4"), country="DE", raw_uploads_days=3), "ann", NOW
    )
    records.add_audience(
        "Beste Kundinnen ☕",
        {"field": "segment", "operator": "is", "value": "champions"},
        owner="ann",
        now=NOW,
    )
    records.save_view("Mai", "period=12m", owner="ann")
    records.save_user("bo@shop.example", "marketer", NOW)
    records.record_consent(3, "email", "granted", at=NOW, source="phone")
    records.record_consent(4, "sms", "denied", at=NOW, source="phone")
    records.suppress([5], "all", reason="asked", now=NOW)
    item = Item("order", "c6-0")
    records.propose_set_aside([item], reason="test", user="ann", vouched=True, now=NOW)
    records.approve_set_aside([item], user="bo", vouched=True, now=NOW)
    records.set_apart("email", "zelda.c7@example.com", user="ann", now=NOW)


def told(machine: Machine) -> dict[str, Any]:
    """What people see of a shop: its numbers, its people, and what was decided."""
    settings = machine.settings
    store, records = open_workspace(settings, workspace(settings, machine.store))
    with closing(store), closing(records):
        return {
            "totals": measure(store, list(METRICS), rows=scope(store, Selection())).totals,
            "segments": rows(store, "rfm"),
            "values": rows(store, "lifetime_value"),
            "people": identities(store, Access("single_user", "ann"), PEOPLE).to_dict("records"),
            "settings": records.shop_settings(),
            "audiences": records.audiences(),
            "views": records.views("ann"),
            "users": records.users(),
            "consents": {key: records.consent_history(key) for key in PEOPLE},
            "suppressed": records.suppressed(PEOPLE, "email"),
            "set aside": (records.set_aside().orders, records.set_aside().reviews),
            "apart": records.identity_overrides(),
            "link": records.secret("url_key"),
        }


def rows(store: Store, name: str) -> list[tuple[Any, ...]]:
    frame = store.fetch(store.table(name).order_by("customer_key")).round(6)
    return frame.astype(object).where(frame.notna(), None).to_records(index=False).tolist()


@pytest.mark.parametrize("kind", ["duckdb", "postgresql"])
def test_a_shop_moves_with_everything_that_was_decided(
    kind: str, postgres: Server, tmp_path: Path
) -> None:
    address = postgres.make() if kind == "postgresql" else ""
    old = Machine(tmp_path / "old", address)
    files = write_rows(tmp_path / "old" / "files", spring_rows(60))
    old("import", files, "--no-refresh")
    with closing(old.records()) as records:
        decide(records)
    old("refresh")
    before = told(old)
    assert before["totals"]["orders"]
    assert before["audiences"]
    file = tmp_path / "carried" / "shop.backup"
    file.parent.mkdir()
    old("backup", file)
    shutil.rmtree(old.place)
    if address:
        postgres.drop(address)
    for server in ("", postgres.make()):  # on whichever engine the new machine keeps its shop
        new = Machine(tmp_path / f"new{bool(server)}", server)
        new("restore", file)
        assert told(new) == before
        later = {
            "orders": [order("later", "c1", datetime(2026, 6, 20, 12).isoformat())],
            "order_lines": [line("later", "tea", "5")],
        }
        more = write_rows(new.place / "more", later)
        assert new("import", more, "--no-refresh")["batch"] == 2
        new("undo", "2", "--no-refresh")
        assert told(new)["totals"] == before["totals"]
        if server:
            postgres.drop(server)
