"""A list as JSON for the templates of mail tools and web pages: one object a customer."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final

from crm_core.privacy.escape import one_line

FORM: Final = "clientele_feed"
VERSION: Final = 1
#: Columns of products: list, place and part, like again_1_name.
_PRODUCT: Final = re.compile(r"(again|new)_([0-9]+)_(id|name|why)")
_LISTS: Final = {"again": "buy_again", "new": "try_new"}
_PARTS: Final = {"id": "product_id", "name": "product", "why": "why"}
_PREFERS: Final = "prefers_"
# A template may print it inside a page: no text in it can end a script or begin a tag.
_INERT: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


class JsonFeed:
    """One JSON document: what it is, then `customers`, written as the rows come.

    Columns go by their codes. The products of a list become `buy_again` and `try_new`, arrays in
    their order, empty for who has none; `prefers_…` becomes `prefers`; what is unknown is null.
    """

    def __init__(
        self, stream: BinaryIO, columns: Sequence[str], *, title: str, now: datetime
    ) -> None:
        self._stream, self._columns, self._any = stream, tuple(columns), False
        about = {
            "format": FORM,
            "version": VERSION,
            "list": title,
            "made_at": now.isoformat(timespec="seconds"),
        }
        self._put(_text(about)[:-1] + ', "customers": [')

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Adds rows, given as columns of plain values."""
        for row in zip(*columns, strict=True):
            self._put(("," if self._any else "") + "\n" + _text(self._customer(row)))
            self._any = True

    def close(self) -> None:
        """Finishes the document; the stream stays open."""
        self._put("\n]}\n")
        self._stream.flush()

    def _put(self, text: str) -> None:
        self._stream.write(text.encode())

    def _customer(self, row: Sequence[Any]) -> dict[str, Any]:
        told: dict[str, Any] = {}
        places: dict[str, dict[int, dict[str, Any]]] = {}
        for name, value in zip(self._columns, row, strict=True):
            product = _PRODUCT.fullmatch(name)
            if product:
                key, place, part = product.groups()
                products = places.setdefault(_LISTS[key], {})
                products.setdefault(int(place), {})[_PARTS[part]] = _cell(value)
            elif name.startswith(_PREFERS):
                told.setdefault("prefers", {})[name.removeprefix(_PREFERS)] = _cell(value)
            else:
                told[name] = _cell(value)
        for key, products in places.items():
            listed = [products[place] for place in sorted(products)]
            told[key] = [product for product in listed if product.get("product_id") is not None]
        return told


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_INERT)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value) or None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value
