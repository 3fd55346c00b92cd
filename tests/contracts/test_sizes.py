"""No room becomes a hall, and none is called "other"."""

from __future__ import annotations

from pathlib import PurePath

from tests.contracts.tree import python_files, source

MAX_LINES = 400
NAMELESS = {"utils", "util", "common", "helpers", "misc", "tools"}


def test_files_are_short() -> None:
    lines = {name: source(name).count("\n") for name in python_files()}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


def test_files_are_named_after_what_they_hold() -> None:
    assert [name for name in python_files() if PurePath(name).stem in NAMELESS] == []
