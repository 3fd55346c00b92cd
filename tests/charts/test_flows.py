from __future__ import annotations

import pandas as pd

from crm_core.charts import Numbers, flow_bands

COUNT = Numbers("count", "en")
SOURCES = ["Active", "Lost after one order", "Nobody"]
TARGETS = ["Active", "Lapsed"]


def moved() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": ["Active", "Active", "Lost after one order"],
            "target": ["Active", "Lapsed", "Active"],
            "value": [1_200, 30, 7],
            "tone": ["same", "worse", "better"],
        }
    )


def test_every_band_goes_from_its_group_to_its_group() -> None:
    link = flow_bands(moved(), COUNT, sources=SOURCES, targets=TARGETS).figure.data[0].link
    assert list(zip(link.source, link.target, link.value, strict=True)) == [
        (0, 3, 1200.0),
        (0, 4, 30.0),
        (1, 3, 7.0),
    ]
    assert link.customdata[1] == "Active → Lapsed: 30"
    assert len(set(link.color)) == 3


def test_groups_are_named_with_their_numbers_on_both_sides() -> None:
    figure = flow_bands(moved(), COUNT, sources=SOURCES, targets=TARGETS).figure
    words = [note.text.replace("<br>", " ") for note in figure.layout.annotations]
    assert words == [
        "Active 1,230",
        "Lost after one order 7",
        "Nobody 0",
        "Active 1,207",
        "Lapsed 30",
    ]
    assert [note.x for note in figure.layout.annotations] == [0, 0, 0, 1, 1]


def test_a_name_from_data_is_no_markup() -> None:
    frame = moved().replace("Lapsed", "<b>x</b>")
    chart = flow_bands(frame, COUNT, sources=SOURCES, targets=["Active", "<b>x</b>"])
    assert "<b>" not in str(chart.figure.layout.annotations[-1].text)


def test_nobody_at_all_is_said() -> None:
    chart = flow_bands(moved().iloc[:0], COUNT, sources=[], targets=[])
    assert chart.alt == "No data to show."
