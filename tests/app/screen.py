"""One page as drawn: its words, its failures, and every byte that was sent for it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from streamlit.testing.v1 import AppTest

from crm_core.text import catalogue
from tests.contracts.tree import ROOT

MAIN = ROOT / "crm_core" / "ui" / "main.py"
KEY = re.compile(r"\b[a-z]+(?:_[a-z]+)*(?:\.[a-z0-9_]+)+\b")


class Screen:
    """What a visitor got to see, and the test to click on."""

    def __init__(self, test: AppTest) -> None:
        self.test = test

    @property
    def page(self) -> str:
        """The stem of the page shown; empty before anyone was let in."""
        session = self.test.session_state.get("_session")
        return session.page if session else ""

    @property
    def failures(self) -> list[str]:
        """What went wrong, as shown."""
        return [str(failure.value) for failure in (*self.test.exception, *self.test.error)]

    @property
    def crashed(self) -> bool:
        """Whether something failed that nobody expected."""
        unexpected = [catalogue(lang)["error.unexpected"].split("{")[0] for lang in ("en", "zh")]
        words = [failure.replace("\\", "") for failure in self.failures]
        return bool(self.test.exception) or any(w.startswith(tuple(unexpected)) for w in words)

    @cached_property
    def sent(self) -> bytes:
        """Every byte of every element: labels, tables, charts."""
        return b"\n".join(node.proto.SerializeToString() for node in self.nodes())

    @cached_property
    def words(self) -> list[str]:
        """Titles, labels and texts; no table and no chart."""
        kinds = ("title", "header", "subheader", "caption", "markdown", "button", "metric", "alert")
        found: list[str] = []
        for node in self.nodes():
            if node.type in kinds or hasattr(node, "label"):
                found += [str(getattr(node, "label", "") or ""), str(self._value(node) or "")]
        return [word for word in found if word]

    @property
    def charts(self) -> list[int]:
        """How many points each chart holds."""
        specs = [node.proto.spec for node in self.nodes() if node.type == "plotly_chart"]
        return [sum(map(_points, json.loads(spec)["data"])) for spec in specs]

    @staticmethod
    def _value(node: Any) -> object:
        value = getattr(node, "value", "")
        return value if isinstance(value, str) else ""

    @property
    def keys_shown(self) -> list[str]:
        """Text keys that were shown instead of their words."""
        known = catalogue("en")
        return [word for text in self.words for word in KEY.findall(text) if word in known]

    def nodes(self) -> Iterator[Any]:
        """Every element, depth first."""
        waiting: list[Any] = [self.test.main, self.test.sidebar]
        while waiting:
            node = waiting.pop()
            children = getattr(node, "children", None)
            if children:
                waiting.extend(reversed(list(children.values())))
            if getattr(node, "proto", None) is not None:
                yield node


def _points(trace: dict[str, Any]) -> int:
    """How many marks a trace has: as many as its longest axis, or the cells of its grid.

    >>> _points({"x": ["a", "b"], "z": [[1, 2], [3, 4]]}), _points({"y": {"dtype": "i1", "bdata": "AQID"}})
    (4, 3)
    """
    return max(_length(trace.get(name)) for name in ("x", "y", "z", "values"))


def _length(values: Any) -> int:
    if isinstance(values, dict) and "bdata" in values:
        size = int(values["dtype"][-1])  # i1, f8: bytes a number
        return len(base64.b64decode(values["bdata"])) // size
    if not isinstance(values, list):
        return 0
    inner = [len(each) for each in values if isinstance(each, list)]
    return sum(inner) if inner else len(values)
