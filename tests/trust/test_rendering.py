"""Whatever a file calls a customer or a product, a page shows it as letters and nothing more.

What a browser asks for is watched in tests/browser; here every string of every element that a
page sends is read.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message

from crm_core.privacy.escape import plain
from crm_core.text import t
from crm_core.ui import navigation
from tests.app.conftest import Open
from tests.app.screen import Screen
from tests.contracts.tree import called, place, python_files, tree
from tests.examples import fast
from tests.trust.conftest import ATTACKS

PAGES = tuple(spec.stem for spec in navigation.PAGES)
#: What shows people and files; the others are among the slow tests.
AT_THE_GATE = ("segments", "customer", "imports")
#: Elements that draw letters as they are: no Markdown, no HTML (tables are painted on a canvas).
PLAIN = {
    "arrow_data_frame",
    "dataframe",
    "text",
    "code",
    "json",
    "selectbox",
    "multiselect",
    "text_input",
    "text_area",
    "number_input",
    "plotly_chart",
}
MARKDOWN = re.compile(
    r"(?<!\\)!\[|\]\((?=http)|(?<!\\)<(?=script|svg|img|iframe|style|a |b>)|(?<!\\):material/home:"
    r"|(?<!\\)\$x\^2|:red\[|(?<![\\\w/])https?://evil"
)
DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def attacks(hostile_codes: list[str]) -> list[str]:
    return hostile_codes


def strings(message: Message) -> Iterator[str]:
    """Every text in an element's message."""
    for field, value in message.ListFields():
        for part in value if field.is_repeated else [value]:
            if isinstance(part, Message):
                yield from strings(part)
            elif isinstance(part, str):
                yield part
            elif hasattr(part, "items"):  # a map comes as a mapping
                yield from (str(text) for pair in part.items() for text in pair)


def drawn(screen: Screen) -> Iterator[tuple[str, str]]:
    """(kind of element, text) of all that is drawn."""
    for node in screen.nodes():
        for text in strings(node.proto):
            yield node.type, text


@pytest.mark.parametrize("stem", fast(PAGES, *AT_THE_GATE))
def test_no_attack_reaches_what_reads_markdown(
    stem: str, open_page: Open, attacks: list[str]
) -> None:
    screen = open_page(stem, shop="attacks", id=attacks[4], warm=True)
    assert not screen.crashed, screen.failures
    assert screen.page == stem
    found = [(kind, text[:200]) for kind, text in drawn(screen) if kind not in PLAIN]
    assert found
    assert [(kind, text) for kind, text in found if MARKDOWN.search(text)] == []


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(ATTACKS)))
def test_every_attack_is_a_customer_one_can_look_at(
    number: int, open_page: Open, attacks: list[str]
) -> None:
    screen = open_page("customer", shop="attacks", id=attacks[number], warm=True)
    assert not screen.crashed, screen.failures
    title = str(screen.test.title[0].value)
    letters = title.replace("\\", "").replace("\u2060", "")
    assert plain(ATTACKS[number], 20).rstrip("…") in letters
    assert len(title) < 500
    assert not DIRECTION.search(title)
    assert not [text for kind, text in drawn(screen) if kind not in PLAIN and MARKDOWN.search(text)]


@pytest.mark.slow
@pytest.mark.parametrize("stem", ["overview", "costs", "segments", "customers", "customer"])
def test_charts_hold_no_tag_and_no_endless_label(
    stem: str, open_page: Open, attacks: list[str]
) -> None:
    screen = open_page(stem, shop="attacks", id=attacks[8], warm=True)
    specs = [text for kind, text in drawn(screen) if kind == "plotly_chart" and "{" in text]
    for spec in specs:
        words = list(leaves(json.loads(spec))) if spec.startswith("{") else [spec]
        assert not [word for word in words if re.search(r"<(script|a |iframe|img|svg)", word)]
        assert max(map(len, words), default=0) < 2_000
        assert not [word for word in words if DIRECTION.search(word)]


def leaves(node: Any) -> Iterator[str]:
    """Every text of a JSON document."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from leaves(value)
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value)


@pytest.mark.xdist_group("tests/contracts")  # reads the same source
def test_nothing_turns_a_cell_into_a_link_or_a_picture() -> None:
    names = python_files("app.py", "pages/", "crm_core/")
    makers = {"LinkColumn", "ImageColumn", "link_button", "image", "video", "audio"}
    found = [
        place(name, node)
        for name in names
        for node in ast.walk(tree(name))
        if called(node) in makers
    ]
    assert found == []


@pytest.mark.parametrize(
    "name",
    fast(
        (
            '../../x"><img src=x onerror=alert(1)>.csv',
            "![x](http://127.0.0.1:9999/p).csv",
            "..\\..\\=cmd|' C calc'!A0.csv",
            "\u202evsc.exe.csv",
            ".csv",
        ),
        '../../x"><img src=x onerror=alert(1)>.csv',
        "![x](http://127.0.0.1:9999/p).csv",
    ),
)
def test_an_uploaded_file_is_shown_as_text_and_never_taken_for_a_path(
    name: str, open_page: Open, shops: dict[str, Path]
) -> None:
    screen = open_page("imports", shop="empty")
    heading = ["Order ID", "Order Date", "Customer ID", "SKU", *ATTACKS[3:5], "Quantity", "Price"]
    rows = [[f"{n}", "2026-01-15", f"c{n}", "p", *ATTACKS[:2], "1", "5"] for n in range(3)]
    text = io.StringIO()
    csv.writer(text).writerows([heading, *rows])
    before = outside(shops["empty"])
    screen.test.file_uploader[0].upload(name, text.getvalue().encode(), "text/csv").run()
    shown = Screen(screen.test)
    assert not shown.crashed, shown.failures
    assert t("imports.mapping", "en") in shown.words
    found = [(kind, text[:200]) for kind, text in drawn(shown) if kind not in PLAIN]
    assert [(kind, text) for kind, text in found if MARKDOWN.search(text)] == []
    assert outside(shops["empty"]) == before


def outside(var: Path) -> set[Path]:
    """Files near the store that are no upload."""
    return {
        path
        for path in var.parent.rglob("*")
        if path.is_file() and (var / "uploads") not in path.parents and ".csv" in path.name
    }
