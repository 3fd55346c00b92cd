"""The monthly review from the command line: a file, its numbers, and what was restated since."""

from __future__ import annotations

from pathlib import Path

import pytest
from pptx import Presentation

from tests.cli.conftest import Command, OwnShop


def said_by(file: Path) -> str:
    return "\n".join(
        shape.text_frame.text
        for slide in Presentation(str(file)).slides
        for shape in slide.shapes
        if shape.has_text_frame
    )


@pytest.mark.slow
def test_a_review_is_written_and_remembered(own: OwnShop, tmp_path: Path) -> None:
    pdf, deck, note = tmp_path / "a.pdf", tmp_path / "b.pptx", tmp_path / "note.txt"
    note.write_text("Calm month.", encoding="utf-8")
    first = own("report", "--format", "pdf", "--out", pdf, "--json")
    assert first.code == 0, first.err
    answer = first.answer
    assert (answer["month"], answer["earlier"], answer["file"]) == ("2026-04", [], str(pdf))
    assert pdf.read_bytes().startswith(b"%PDF")
    measured = own(
        "measure", "net_revenue", "orders", "--from", "2026-04-01", "--to", "2026-04-30", "--json"
    ).answer["totals"]
    told = {row["metric"]: row["value"] for row in answer["numbers"]}
    assert {name: told[name] for name in measured} == pytest.approx(measured)
    again = own(
        "report", "--month", "2026-04", "--format", "pptx", "--out", deck, "--language", "zh",
        "--comment", note, "--json",
    )  # fmt: skip
    assert again.code == 0, again.err
    assert again.answer["earlier"][0]["numbers"]["orders"] == told["orders"]
    words = said_by(deck)
    assert "2026年4月" in words
    assert "Calm month." in words
    assert "以来没有变化" in words
    assert answer["snapshot"] in words
    assert "Buyer" not in words
    assert "example.com" not in words


def test_what_cannot_be_reviewed_is_told(own: OwnShop, tmp_path: Path) -> None:
    out = tmp_path / "a.pdf"
    said = own("report", "--month", "2026-05", "--out", out, "--json")
    assert (said.code, said.answer["error"]) == (1, "report_month_unknown")
    assert not out.exists()
    assert own("report", "--month", "May", "--out", out).code == 2
    lost = own("report", "--comment", tmp_path / "none.txt", "--out", out, "--json")
    assert (lost.code, lost.answer["error"]) == (1, "report_comment_unreadable")


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["pdf", "pptx"])
def test_the_demos_october_is_written_in_both_forms(
    demo: Command, tmp_path: Path, file_format: str
) -> None:
    out = tmp_path / f"october.{file_format}"
    said = demo("report", "--month", "2026-10", "--format", file_format, "--out", out, "--json")
    assert said.code == 0, said.err
    told = {row["metric"]: row["value"] for row in said.answer["numbers"]}
    assert told["orders"] == 1785
    assert out.stat().st_size > 20_000
