"""The command line, run in this process, on a copy of the demo and on shops of a few rows."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crm_core.cli import main
from tests.small_shop import Rows, line, no_forecast, order, write_rows


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The one JSON document on stdout; numbers that JSON does not know are refused."""
        document: dict[str, Any] = json.loads(self.out, parse_constant=_no_constant)
        return document


def _no_constant(name: str) -> float:
    raise AssertionError(name)


Command = Callable[..., Said]


def command(var: Path, *arguments: str | Path) -> Said:
    """Runs one command with everything it writes under `var`."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CLIENTELE_")]:
            patch.delenv(name)
        patch.setenv("CLIENTELE_VAR", str(var))
        patch.setenv("LANG", "C.UTF-8")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main([str(argument) for argument in arguments])
            except SystemExit as ended:
                code = int(ended.code or 0)
    return Said(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def demo(copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Commands on a copy of the demo store, which is what they mean when none is named."""
    var = copy_demo(tmp_path_factory.mktemp("cli"))
    return lambda *arguments: command(var, *arguments)


@dataclass(frozen=True)
class OwnShop:
    """A shop's own store, in a folder, as the command line names it."""

    var: Path

    @property
    def url(self) -> str:
        return f"duckdb:///{self.var / 'own'}"

    def __call__(self, name: str, *arguments: str | Path) -> Said:
        return command(self.var, name, *arguments, "--store", self.url)


@pytest.fixture
def shop(tmp_path: Path) -> OwnShop:
    return OwnShop(tmp_path / "var")


@pytest.fixture(scope="session")
def orders_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of a small shop: 120 orders of 40 people, all of whom agreed to e-mail."""
    return write_rows(tmp_path_factory.mktemp("files") / "orders", small_log())


def small_log() -> Rows:
    """Forty people buy three times each; number 7 is called like a formula."""
    begin = datetime(2026, 1, 1, 12)
    rows: Rows = {"identities": [], "orders": [], "order_lines": [], "consents": []}
    for buyer in range(40):
        person = {"customer_id": f"c{buyer}", "email": f"buyer{buyer}@example.com"}
        person["name"] = "=1+1" if buyer == 7 else f"Buyer {buyer}"
        rows["identities"].append(person)
        rows["consents"].append(
            {
                "customer_id": f"c{buyer}",
                "contact_channel": "email",
                "purpose": "marketing",
                "state": "granted",
                "at": begin,
            }
        )
        for turn in range(3):
            number = f"{buyer}-{turn}"
            when = begin + timedelta(days=buyer + turn * 50)
            rows["orders"].append(order(number, f"c{buyer}", when.isoformat()))
            rows["order_lines"].append(line(number, f"p{turn}", str(10 + buyer)))
    return rows


@pytest.fixture(scope="session")
def loaded(orders_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> OwnShop:
    """The small shop, imported by the command line with its scores: only read it."""
    own = OwnShop(tmp_path_factory.mktemp("loaded"))
    with no_forecast():
        said = own("import", orders_folder, "--json")
    assert said.code == 0, said.err
    return own


@pytest.fixture
def own(loaded: OwnShop, tmp_path_factory: pytest.TempPathFactory) -> OwnShop:
    """The same, for one test to change: each list it makes is a line in the log."""
    var = tmp_path_factory.mktemp("own") / "var"
    shutil.copytree(loaded.var, var)
    return OwnShop(var)
