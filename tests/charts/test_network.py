from __future__ import annotations

import numpy as np
import pandas as pd

from crm_core.charts import Numbers, network
from crm_core.charts.network import laid_out

TIMES = Numbers("per", "en")
NODES = pd.DataFrame(
    {"number": [1, 2, 3, 4, 5], "label": ["Matcha", "Whisk", "Stand", "<b>Wok</b>", "Steamer"]}
)
EDGES = pd.DataFrame(
    {
        "a": [1, 2, 4],
        "b": [2, 3, 5],
        "value": [5.6, 4.5, 9.4],
        "note": ["5.6 ×"] * 3,
        "code": ["0", "1", "2"],
    }
)


def nearest(at: np.ndarray) -> float:
    gaps = np.sqrt(((at[:, None] - at[None, :]) ** 2).sum(axis=2))
    return float((gaps + np.eye(len(at)) * 9).min())


def test_circles_hold_numbers_and_names_are_told_when_pointed_at() -> None:
    chart = network(NODES, EDGES, TIMES)
    *lines, middles, circles = chart.figure.data
    assert [line.mode for line in lines] == ["lines"] * 3
    assert list(circles.text) == ["1", "2", "3", "4", "5"]
    assert circles.hovertext[0] == "Matcha"
    assert "<b>" not in circles.hovertext[3]
    assert lines[2].line.width > lines[0].line.width > lines[1].line.width
    assert [code[0] for code in middles.customdata] == ["0", "1", "2"]


def test_its_words_name_the_strongest_pair() -> None:
    alt = network(NODES, EDGES, TIMES).alt
    assert alt.startswith("5 things")
    assert "+ Steamer 9.40" in alt


def test_groups_stand_apart_and_nothing_lies_on_anything() -> None:
    hub = [(0, node) for node in range(1, 10)]
    rest = [(10, 11), (12, 13), (14, 15), (16, 17)]
    at = laid_out(18, [*hub, *rest])
    assert nearest(at) > 0.3
    assert np.array_equal(at, laid_out(18, [*hub, *rest]))
    left, right = at[:10], at[10:]
    gaps = np.sqrt(((left[:, None] - right[None, :]) ** 2).sum(axis=2))
    assert gaps.min() > 0.5
