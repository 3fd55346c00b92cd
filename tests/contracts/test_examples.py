"""Every example in a docstring, in the README and in the guide runs as written."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import inspect
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.cli import _parser
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


#: Where a command ends.
ENDS = set("();<>|&")
#: What says how commands are built, and is none.
SYNOPSES = {"COMMAND", "命令"}


def own_commands(block: str) -> Iterator[list[str]]:
    """The arguments of each `python -m crm_core` in a block of shell."""
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        command: list[str] = []
        for word in (*words, ";"):
            if word and set(word) <= ENDS:  # what follows < or > is a file
                if "crm_core" in command:
                    yield command[command.index("crm_core") + 1 :]
                command = []
            else:
                command.append(word)


def misuse(arguments: list[str]) -> str:
    """What the command line says to arguments it does not take; nothing is run."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
        _parser().parse_args(arguments)
    return said.getvalue().strip().rpartition("\n")[2]


def test_own_commands_in_documents_are_used_rightly() -> None:
    used = [
        (place, arguments)
        for place, block in blocks("(?:sh|bash|console)")
        for arguments in own_commands(block)
        if arguments[0] not in SYNOPSES
    ]
    assert len(used) > 100
    wrong = [(place, arguments, misuse(arguments)) for place, arguments in used]
    assert [each for each in wrong if each[2]] == []


def test_an_own_command_used_wrongly_is_seen() -> None:
    block = (
        "A=1 python -m crm_core rules \\\n reach --all 'x && y' && python -m crm_core audit > log\n"
    )
    first, second = own_commands(block)
    assert (first, second) == (["rules", "reach", "--all", "x && y"], ["audit"])
    assert "--all" in misuse(first)
    assert misuse(second) == ""


def test_links_in_documents_lead_somewhere() -> None:
    broken = [
        f"{name}: {target}"
        for name in documents()
        if name.endswith(".md")
        for target in re.findall(r"\]\(([^)#\s]+)", (ROOT / name).read_text("utf-8"))
        if not target.startswith("http") and not (ROOT / name).parent.joinpath(target).exists()
    ]
    assert broken == []
