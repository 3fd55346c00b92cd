"""Every example in a docstring, in the README and in the guide runs as written."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT, python_files, repository_files

# They run when imported.
SCRIPTS = {"crm_core.__main__", "crm_core.ui.main"}
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules() -> list[str]:
    found = [
        name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for name in python_files("crm_core/")
        if "/migrations/" not in name
    ]
    return [name for name in found if name not in SCRIPTS]


def examples(module_name: str) -> Iterator[doctest.DocTest]:
    """The examples of what a module itself defines.

    Only those: a deferred expression in a module answers to any name, so a finder that asks
    every global whether it wraps something would never end.
    """
    module = importlib.import_module(module_name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    yield from (
        test
        for name, thing in vars(module).items()
        if (inspect.isfunction(thing) or inspect.isclass(thing)) and thing.__module__ == module_name
        for test in finder.find(thing, name, module=module, globs=dict(vars(module)))
        if test.examples
    )


@pytest.mark.parametrize("module_name", modules())
def test_docstring_examples(module_name: str) -> None:
    for test in examples(module_name):
        assert_runs(test)


def assert_runs(test: doctest.DocTest) -> None:
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=said.append)
    assert result.failed == 0, "".join(said)


def documents() -> list[str]:
    return [name for name in repository_files() if name == "README.md" or name.startswith("docs/")]


def blocks(language: str) -> list[tuple[str, str]]:
    """Code blocks of a language in all documents, each with its place."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [
        (f"{name}#{number}", block)
        for name in documents()
        if name.endswith(".md")
        for number, block in enumerate(pattern.findall((ROOT / name).read_text("utf-8")), 1)
    ]


def test_python_in_documents_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENTELE_VAR", str(tmp_path))
    for place, block in blocks("python"):
        if ">>>" in block:
            assert_runs(doctest.DocTestParser().get_doctest(block, {}, place, place, 0))
        else:
            exec(compile(block, place, "exec"), {})  # our own documents


def test_commands_in_documents_exist() -> None:
    rules = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = {
        word
        for _, block in blocks("(?:sh|bash|console)")
        for word in re.findall(r"^\$?\s*make ([a-z-]+)", block, re.MULTILINE)
    }
    assert named - set(rules) == set()


def test_links_in_documents_lead_somewhere() -> None:
    broken = [
        f"{name}: {target}"
        for name in documents()
        if name.endswith(".md")
        for target in re.findall(r"\]\(([^)#\s]+)", (ROOT / name).read_text("utf-8"))
        if not target.startswith("http") and not (ROOT / name).parent.joinpath(target).exists()
    ]
    assert broken == []
