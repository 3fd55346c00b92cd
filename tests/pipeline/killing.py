"""Commands that are killed: places they work on, and a process that starts them without delay."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from crm_core.cli import main
from crm_core.pipeline.workspace import workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.store import Engine, Store, engine_of
from crm_core.store.postgres_link import Link
from tests.servers.postgresql import Server
from tests.small_shop import Rows, line, order

ROOT = Path(__file__).parents[2]
_LONGEST = 300
_NOTICED = 10
_POINTER = "SELECT facts, scores, facts_before, scores_before FROM clientele.current"
_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(facts|scores)_'"
_LOCKS = (
    "SELECT 'lock ' || objid FROM pg_locks WHERE locktype = 'advisory' AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_TABLES = ("ledger", "identity_links", "key_moves", "orders", "imported_consents")


def log(first: int, last: int, buyers: int = 500) -> Rows:
    """Orders first..last of people of whom some turn out to be one, with what they agreed to."""
    chance = random.Random(first)
    rows: Rows = {"identities": [], "orders": [], "order_lines": [], "consents": []}
    for number in range(first, last):
        buyer = f"c{chance.randrange(buyers)}"
        day = datetime(2025, 1 + number % 12, 1 + number % 28, number % 24).isoformat()
        rows["orders"].append(order(str(number), buyer, day))
        rows["order_lines"].append(line(str(number), f"p{number % 40}", str(5 + number % 30)))
        email = f"m{chance.randrange(buyers * 10)}@example.com"
        rows["identities"].append({"customer_id": buyer, "email": email})
        if number % 5 == 0:
            rows["consents"].append(
                {
                    "customer_id": buyer,
                    "contact_channel": "email",
                    "purpose": "marketing",
                    "state": "granted" if number % 3 else "denied",
                    "at": datetime(2025, 1, 1 + number % 28),
                }
            )
    return rows


@dataclass
class Place:
    """A store in a folder of its own, with its records."""

    var: Path

    @property
    def url(self) -> str:
        return f"duckdb:///{self.var / 'shop'}"

    @property
    def settings(self) -> Settings:
        return Settings(var=self.var, memory_limit_mb=256)

    @property
    def engine(self) -> Engine:
        return engine_of(self.url, self.settings)

    @property
    def folder(self) -> Path:
        return self.engine.folder

    def environment(self) -> dict[str, str]:
        # So few rows that handing them to a second thread takes longer than they do.
        return {
            "CLIENTELE_VAR": str(self.var),
            "CLIENTELE_RECORDS": "",
            "CLIENTELE_THREADS": "1",
        }

    def command(self, files: Path, *more: str) -> list[str]:
        return ["import", str(files), "--store", self.url, *more]

    def open(self) -> Store:
        return self.engine.open()

    def records(self) -> Records:
        return open_records(workspace(self.settings, self.url).records_url)

    def facts(self) -> str:
        """A checksum over every fact, who is who, and what people agreed to."""
        digest = hashlib.sha256()
        with closing(self.open()) as store:
            for name in _TABLES:
                table = store.table(name)
                frame = store.fetch(table.drop(*{"batch_id"} & set(table.columns)))
                lines = sorted(frame.to_csv(index=False).splitlines())
                digest.update("\n".join([name, *lines]).encode())
        return digest.hexdigest()

    def consents(self) -> list[dict[str, Any]]:
        with closing(self.records()) as records:
            return sorted(records.mirror().tables["consents"].to_pylist(), key=str)

    def copy(self, var: Path) -> Place:
        """The same again elsewhere; what was there is gone."""
        shutil.rmtree(var, ignore_errors=True)
        shutil.copytree(self.var, var)
        return Place(var)

    def emptied(self, var: Path) -> Place:
        """A place of the same kind with nothing in it."""
        return Place(var)

    def left_over(self) -> list[str]:
        """What an interrupted job left that nobody will ever read."""
        return [path.name for path in self.folder.glob("*.building*")]

    def locks(self) -> list[str]:
        """What would keep the next writer out: a lock on a file ends with its process."""
        return []


@dataclass
class Shelved(Place):
    """The same in a PostgreSQL database."""

    server: Server
    address: str

    @property
    def url(self) -> str:
        return self.address

    def copy(self, var: Path) -> Shelved:
        address = self.server.copy(self.address, "kills")
        found = Shelved(super().copy(var).var, self.server, address)
        if self.folder.exists():
            shutil.copytree(self.folder, found.folder, dirs_exist_ok=True)
        return found

    def emptied(self, var: Path) -> Shelved:
        self.server.drop(self.server.address("kills"))
        return Shelved(var, self.server, self.server.make("kills"))

    def left_over(self) -> list[str]:
        """Also schemas that the pointer does not name, and locks."""
        link = Link(self.address)
        kept = {str(name) for name in link.rows(_POINTER)[0]}
        schemas = {str(name) for (name,) in link.rows(_SCHEMAS)}
        return [*super().left_over(), *sorted(schemas - kept), *self.locks()]

    def locks(self) -> list[str]:
        """Advisory locks that are held; a server notices a moment late that somebody is gone."""
        deadline = time.monotonic() + _NOTICED
        while held := [str(name) for (name,) in Link(self.address).rows(_LOCKS)]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        return held


def run(place: Place, arguments: list[str]) -> int:
    """The command in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in place.environment().items():
            patch.setenv(name, value)
        return main(arguments)


def begun(place: Place, arguments: list[str]) -> tuple[subprocess.Popen[str], float]:
    """The command as a process of its own that has read its files' first rows, and since when."""
    process = subprocess.Popen(
        [sys.executable, "-m", "crm_core", *arguments, "--progress"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **place.environment()},
        cwd=ROOT,
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("progress ")
    return process, time.monotonic()


def killed(place: Place, arguments: list[str], *, after: float) -> bool:
    """Kills the command some seconds after its first sign; whether it was still at work."""
    process, began = begun(place, arguments)
    time.sleep(max(0.0, began + after - time.monotonic()))
    process.send_signal(signal.SIGKILL)
    assert process.stderr is not None
    process.stderr.close()
    return process.wait(60) == -signal.SIGKILL


@dataclass
class Ended:
    """How a command ended: its exit code, or minus the signal; the last step it told; seconds."""

    code: int
    step: str
    seconds: float


class Warm:
    """Starts commands by forking a process that has loaded the program already: a hundred of
    them spend their time at work."""

    def __init__(self, process: subprocess.Popen[str], said: Path) -> None:
        self._process = process
        self._said = said

    def run(self, place: Place, arguments: list[str], *, kill_after: float | None = None) -> Ended:
        """The command to its end, or killed some seconds after it began."""
        job = {"arguments": [*arguments, "--progress"], "environment": place.environment()}
        self._tell({**job, "said": str(self._said)})
        pid, began = int(self._answer()), time.monotonic()
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(pid, signal.SIGKILL)  # not waited for yet, so the number is still its own
        self._tell({})
        code, seconds = int(self._answer()), time.monotonic() - began
        said = [line.split() for line in self._said.read_text("utf-8").splitlines()]
        steps = [words[1] for words in said if words[:1] == ["progress"]]
        return Ended(code, steps[-1] if steps else "begin", seconds)

    def _tell(self, job: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def warm(folder: Path) -> Iterator[Warm]:
    """A process that is ready to start commands."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.forking"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        cwd=ROOT,
    )
    try:
        yield Warm(process, folder / "said")
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(_LONGEST)
        process.stdout.close()
