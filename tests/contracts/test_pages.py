"""A page says what is shown, in a few lines; it neither computes nor speaks for itself."""

from __future__ import annotations

import re

from tests.contracts.tree import imported, literals, place, python_files, source, tree

MAX_LINES = 100
PAGE_ROOMS = ("crm_core.views", "crm_core.charts", "crm_core.ui", "crm_core.text")
# A key, a code or an icon; nothing a person reads.
KEY = re.compile(r"[a-z0-9_.:]*|:material/[a-z0-9_]+:")


def test_pages_are_short() -> None:
    long = {name: source(name).count("\n") for name in python_files("pages/")}
    assert {name: lines for name, lines in long.items() if lines > MAX_LINES} == {}


def test_pages_hold_no_words() -> None:
    found = [
        f"{place(name, text)} {text.value!r}"
        for name in python_files("pages/")
        for text in literals(tree(name))
        if re.search(r"[^\W\d_]", text.value) and not KEY.fullmatch(text.value)
    ]
    assert found == []


def test_pages_use_views_charts_ui_and_text_only() -> None:
    found = [
        f"{name}: {module}"
        for name in python_files("pages/")
        for module in sorted(imported(name))
        if module != "__future__"
        and not (module + ".").startswith(tuple(r + "." for r in PAGE_ROOMS))
    ]
    assert found == []


def test_page_view_and_texts_share_a_stem() -> None:
    files = set(python_files("crm_core/views/"))
    stems = [name.removeprefix("pages/").removesuffix(".py") for name in python_files("pages/")]
    assert [stem for stem in stems if f"crm_core/views/{stem}.py" not in files] == []
