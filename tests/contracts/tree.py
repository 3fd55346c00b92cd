"""The repository as its contracts see it: which files it holds and what their code says."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
Kind = TypeVar("Kind", bound=ast.AST)


@cache
def repository_files() -> tuple[str, ...]:
    """Every file that is, or is about to be, part of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return tuple(sorted(name for name in names if name and (ROOT / name).is_file()))


def python_files(*folders: str) -> list[str]:
    """Python files of the repository, of the named folders or of all."""
    return [
        name
        for name in repository_files()
        if name.endswith(".py") and (not folders or name.startswith(folders))
    ]


@cache
def source(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(source(name), filename=name)


@cache
def walked(module: ast.Module) -> tuple[ast.AST, ...]:
    """Every node of a file: found once, since finding them takes longer than looking at them."""
    return tuple(ast.walk(module))


@cache
def nodes(name: str, kind: type[Kind]) -> tuple[Kind, ...]:
    """Every piece of a kind in a file, found once for all contracts."""
    return tuple(piece for piece in walked(tree(name)) if isinstance(piece, kind))


def called(node: ast.AST) -> str:
    """The last name of what a call calls: `st.container(...)` gives container."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


@cache
def imported(name: str) -> frozenset[str]:
    """Modules a file imports, in full."""
    found = (modules(node) for node in walked(tree(name)))
    return frozenset(module for some in found for module in some)


def modules(node: ast.AST) -> set[str]:
    """Modules that a statement imports, in full."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        return {node.module}
    return set()


def docstrings(module: ast.Module) -> set[ast.Constant]:
    """The constants that are docstrings."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found: set[ast.Constant] = set()
    for node in ast.walk(module):
        if isinstance(node, owners) and node.body and isinstance(node.body[0], ast.Expr):
            value = node.body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.add(value)
    return found


def literals(module: ast.Module) -> Iterator[ast.Constant]:
    """String literals that are not docstrings, those inside f-strings too."""
    spoken = docstrings(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in spoken:
            yield node


def place(name: str, node: ast.AST) -> str:
    return f"{name}:{getattr(node, 'lineno', 0)}"
