"""The repository speaks of the product, not of the place it was written at."""

from __future__ import annotations

import re

import pytest

from tests.contracts.tree import ROOT, repository_files

TEXT = (
    ".py",
    ".pyi",
    ".md",
    ".toml",
    ".txt",
    ".sh",
    ".yml",
    ".yaml",
    ".ini",
    ".cfg",
    ".mako",
    ".sql",
)
NAMED = ("Makefile", ".ci/run", ".gitignore", "LICENSE")
# Written in pieces, so that this file does not find itself.
FOREIGN = {
    "a folder of some machine": r"(?<![\w.])/(?:work|root|Users|home)" + r"/\w",
    "a package index": "|".join(
        ("py" + r"pi\.org", "python" + "hosted", "npmjs" + r"\.", "deb" + r"\.debian")
    ),
    "an index setting": "--" + "(?:extra-)?index-url|" + "find-" + "links",
    "a tracker number": r"\b[Ii]ssue " + r"#?\d",
}


def texts() -> list[str]:
    return [name for name in repository_files() if name.endswith(TEXT) or name in NAMED]


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_names(what: str) -> None:
    pattern = re.compile(FOREIGN[what])
    found = [
        f"{name}:{number}"
        for name in texts()
        for number, line in enumerate((ROOT / name).read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_one_dependency_file_decides() -> None:
    rivals = {
        "uv.lock",
        "Pipfile",
        "Pipfile.lock",
        "environment.yml",
        "poetry.lock",
        "packages.txt",
    }
    assert rivals & set(repository_files()) == set()
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert "[project]" not in project
    assert "[build-system]" not in project
