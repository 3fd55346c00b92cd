"""What a case is, and the files whose tests prove many of them."""

from __future__ import annotations

from dataclasses import dataclass

ESCAPE = "tests/privacy/test_escape.py"
EXPORT = "tests/privacy/test_export.py"
FILES = "tests/privacy/test_files.py"
GATE = "tests/privacy/test_gate.py"
SHOWN = "tests/trust/test_rendering.py"
DOOR = "tests/trust/test_door.py"
MATRIX = "tests/trust/test_matrix.py"
LONG = "tests/trust/test_long_questions.py"
ATTACKS = "tests/rules/test_attacks.py"
LINES = "tests/store/imports/test_order_lines.py"
CORPUS = "tests/store/imports/test_corpus.py"
BOOKS = "tests/store/imports/test_workbooks.py"
MERGE = "tests/store/test_merge.py"
ERASING = "tests/pipeline/test_erasing.py"
BROWSER = "tests/browser/test_attacks.py"
SIGN_IN = "tests/browser/test_sign_in.py"


@dataclass(frozen=True)
class Case:
    """What is attempted or goes wrong, and the tests that show what happens then."""

    about: str
    tests: tuple[str, ...]
