"""Expressions mean the same on every engine.

PostgreSQL divides integers silently, an empty divisor fails on some engines and is infinite on
others, and some functions give each engine's own answer: this keeps to the forms that do not.
The check is a reading of the code, not a proof: it follows names inside one function.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.contracts.tree import called, imported, nodes, place, python_files

ROOMS = tuple(
    f"crm_core/{room}"
    for room in (
        "audiences",
        "features",
        "metrics",
        "models",
        "pipeline",
        "privacy",
        "rules",
        "store",
    )
)
EXPRESSION_TYPES = ("ir.", "Table", "Value", "Column", "Deferred")
OWN_ANSWERS = {
    "approx_nunique",
    "approx_median",
    "approx_quantile",
    "asof_join",
    "first",
    "hash",
    "hexdigest",
    "last",
    "mode",
    "round",  # of a float's half: money goes through decimals (see marts.money)
    "topk",
    "try_cast",
    "unpack",
}
ORDERED = {"collect", "group_concat"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Reading:
    """What one function says: which names hold expressions, and what it does with them."""

    def __init__(self, function: Function, makers: set[str]) -> None:
        self.function = function
        self.makers = makers
        self.names = {"_", "ibis"}
        self.given: dict[str, set[str]] = {}
        arguments = function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation and names_expression(argument.annotation):
                self.names.add(argument.arg)
        for _ in range(2):  # a second pass for names used before their maker is read
            self._follow()

    def _follow(self) -> None:
        for node in ast.walk(self.function):
            if isinstance(node, ast.Assign):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                for name in names:
                    self.given.setdefault(name, set()).add(ast.unparse(node.value))
                if self.is_expression(node.value):
                    self.names.update(names)
            elif (
                isinstance(node, ast.AnnAssign)
                and isinstance(node.target, ast.Name)
                and names_expression(node.annotation)
            ):
                self.names.add(node.target.id)

    def is_expression(self, node: ast.expr) -> bool:
        """Whether a piece of code is built on an expression."""
        if isinstance(node, ast.Name):
            return node.id in self.names
        if isinstance(node, ast.Call):
            return self._makes(node.func)
        if isinstance(node, ast.Attribute | ast.Subscript):
            return not is_plain(node) and self.is_expression(node.value)
        if isinstance(node, ast.BinOp):
            return self.is_expression(node.left) or self.is_expression(node.right)
        return False

    def _makes(self, function: ast.expr) -> bool:
        if isinstance(function, ast.Name):
            return function.id in self.makers
        if isinstance(function, ast.Attribute):
            return function.attr == "table" or self.is_expression(function.value)
        return False

    def divisions(self) -> Iterator[ast.BinOp]:
        for node in ast.walk(self.function):
            if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)):
                continue
            if self.is_expression(node.left) or self.is_expression(node.right):
                yield node

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        for node in ast.walk(self.function):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if self.is_expression(node.func.value):
                yield node.func.attr, node

    def is_flag(self, node: ast.expr) -> bool:
        """Whether an expression is a yes or no."""
        if isinstance(node, ast.Name):
            return any(
                self.is_flag(ast.parse(text, mode="eval").body)
                for text in self.given.get(node.id, set())
                if node.id not in text
            )
        if isinstance(node, ast.Compare):
            return self.is_expression(node.left)
        if isinstance(node, ast.BinOp):
            return isinstance(node.op, ast.BitAnd | ast.BitOr)
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.Invert)
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"isnull", "notnull", "isin", "between"}
        )

    def casts(self) -> Iterator[ast.Call]:
        for node in ast.walk(self.function):
            if isinstance(node, ast.Call) and called(node) == "cast" and node.args:
                yield node

    def meant(self, node: ast.expr) -> str:
        """A piece of code, a name with all that it was ever given."""
        given = self.given.get(node.id, set()) if isinstance(node, ast.Name) else set()
        return " or ".join([ast.unparse(node), *sorted(given)])

    def is_float(self, node: ast.expr) -> bool:
        """Whether a number is surely no integer: cast, written as one, or divided before."""
        if isinstance(node, ast.BinOp):
            return self.is_float(node.left) or self.is_float(node.right)
        text = self.meant(node)
        return "float64" in text or "cast(float)" in text or bool(re.search(r"\d\.\d", text))

    def is_never_zero(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant):
            return bool(node.value)
        text = self.meant(node)
        return "nullif(0" in text or "ibis.literal(" in text or text.isupper()


def is_plain(node: ast.Attribute | ast.Subscript) -> bool:
    """What hangs on an expression without being one: its column names, its schema."""
    return isinstance(node, ast.Attribute) and node.attr in {"columns", "schema", "expr", "types"}


def names_expression(annotation: ast.expr) -> bool:
    text = ast.unparse(annotation)
    return "pa." not in text and any(word in text for word in EXPRESSION_TYPES)


@cache
def readings() -> tuple[tuple[str, Reading], ...]:
    found: list[tuple[str, Reading]] = []
    for name in python_files(*ROOMS):
        if not any(module.split(".")[0] == "ibis" for module in imported(name)):
            continue
        functions = [n for n in nodes(name, ast.AST) if isinstance(n, Function)]
        makers = {f.name for f in functions if f.returns and names_expression(f.returns)}
        found += [(name, Reading(function, makers)) for function in functions]
    return tuple(found)


def test_division_is_never_of_integers() -> None:
    found = [
        f"{place(name, node)} {ast.unparse(node)}"
        for name, reading in readings()
        for node in reading.divisions()
        if not (reading.is_float(node.left) or reading.is_float(node.right))
    ]
    assert sorted(set(found)) == []


def test_no_divisor_can_be_zero() -> None:
    found = [
        f"{place(name, node)} {ast.unparse(node)}"
        for name, reading in readings()
        for node in reading.divisions()
        if reading.is_expression(node.right) and not reading.is_never_zero(node.right)
    ]
    assert sorted(set(found)) == []


def test_no_function_gives_each_engine_its_own_answer() -> None:
    found = [
        f"{place(name, call)} {attribute}"
        for name, reading in readings()
        for attribute, call in reading.calls()
        if attribute in OWN_ANSWERS
        or (attribute in ORDERED and any(word.arg == "order_by" for word in call.keywords))
    ]
    assert sorted(set(found)) == []


def test_days_are_truncated_by_way_of_a_moment_without_a_zone() -> None:
    found = [
        f"{place(name, call)} {ast.unparse(call)}"
        for name, reading in readings()
        for attribute, call in reading.calls()
        if attribute == "truncate" and ".cast('timestamp')" not in ast.unparse(call.func)
    ]
    assert sorted(set(found)) == []


def test_no_yes_or_no_is_cast_to_a_number() -> None:
    """PostgreSQL has no such cast to 64 bits: marts.as_number says 1 or 0."""
    found = [
        f"{place(name, call)} {ast.unparse(call)}"
        for name, reading in readings()
        for call in reading.casts()
        if isinstance(call.func, ast.Attribute)
        and reading.is_flag(call.func.value)
        and "boolean" not in ast.unparse(call)
    ]
    assert sorted(set(found)) == []


def test_the_reading_sees_what_it_should() -> None:
    code = ast.parse(
        "def a(t: ir.Table, n: int):\n"
        "    x = t.mutate(y=t.a / t.b)\n"
        "    z = x.a.cast('float64') / x.b.nullif(0)\n"
        "    w = n / 2\n"
        "    f = t.a > 1\n"
        "    return x.a.hash(), z, w, f.cast('int64'), (t.a & t.b).cast('int64'), t.a.cast('int64')\n"
    )
    function = code.body[0]
    assert isinstance(function, ast.FunctionDef)
    reading = Reading(function, set())
    divisions = sorted(reading.divisions(), key=lambda node: node.lineno)
    assert [reading.is_float(node.left) for node in divisions] == [False, True]
    assert [reading.is_never_zero(node.right) for node in divisions] == [False, True]
    assert "hash" in {attribute for attribute, _ in reading.calls()}
    flags = [
        reading.is_flag(c.func.value) for c in reading.casts() if isinstance(c.func, ast.Attribute)
    ]
    assert sorted(flags) == [False, False, True, True]
