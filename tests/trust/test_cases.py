"""The acceptance cases of trust, by number: each has tests that prove it, and those exist.

A test may prove several cases, a case may need several tests. What a real browser asks for and
draws is shown in tests/browser; the rest needs none.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.trust.acceptance import (
    exports,
    faults,
    files,
    privacy,
    rendering,
    rules,
    traps,
    values,
)
from tests.trust.conftest import ATTACKS

ROOT = Path(__file__).parents[2]
SECTIONS = (exports, rendering, rules, files, values, privacy, faults)
CASES = {number: case for section in SECTIONS for number, case in section.CASES.items()}


@pytest.mark.parametrize("number", CASES)
def test_case_is_proved(number: int) -> None:
    assert CASES[number].tests
    missing = [name for name in CASES[number].tests if not is_collected(name)]
    assert missing == []


@pytest.mark.parametrize("number", traps.TRAPS)
def test_a_trap_is_known(number: int) -> None:
    assert traps.TRAPS[number].tests
    assert [name for name in traps.TRAPS[number].tests if not is_collected(name)] == []


def is_collected(name: str) -> bool:
    """Whether a test of that name is at the top of its file, and runs."""
    file, _, function = name.partition("::")
    path = ROOT / file
    if not (path.is_file() and path.name.startswith("test_") and function.startswith("test_")):
        return False
    found = [
        node
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    ]
    marks = " ".join(ast.unparse(mark) for node in found for mark in node.decorator_list)
    return len(found) == 1 and "skip" not in marks and "xfail" not in marks


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_there_are_sixty_four_and_each_is_told_once() -> None:
    assert sorted(CASES) == list(range(1, 65))
    assert sorted(traps.TRAPS) == list(range(1, 11))
    assert sum(len(section.CASES) for section in SECTIONS) == len(CASES)


def test_a_test_that_is_gone_or_left_out_proves_nothing() -> None:
    here = "tests/trust/test_cases.py"
    assert is_collected(f"{here}::test_a_test_that_is_gone_or_left_out_proves_nothing")
    assert not is_collected(f"{here}::test_nobody_wrote")
    assert not is_collected("tests/trust/test_nothing.py::test_nobody_wrote")
    assert not is_collected("tests/trust/conftest.py::hostile_log")


def test_the_attacks_cover_every_case_of_rendering() -> None:
    together = "\n".join(ATTACKS)
    marks = ("<script>", "onerror", "<svg", "![x](http", "](http", "<iframe", "<style>", "$x^2$")
    marks += (":material/home:", ":red[x]", "# big", "<a href", "<b>", "\u202e", "\u200b")
    assert [mark for mark in (*marks, "javascript:", "data:") if mark not in together] == []
    assert max(map(len, ATTACKS)) == 5_000
