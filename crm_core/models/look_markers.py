"""Words of a seller's own notes that say an order was made up."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

#: As sellers write them, in small letters. Words that also mean something harmless are not here.
MARKERS: Final = (
    "刷单",
    "刷 单",
    "补单",
    "空包",
    "放单",
    "做单",
    "sd order",
    "s单",
    "不发货",
    "勿发货",
    "测评单",
    "礼品单",
    "brush",
    "empty parcel",
    "empty box",
    "fake order",
    "no goods",
    "do not ship",
    "dummy order",
    "review order",
)


def marker_in(note: ir.StringValue) -> ir.StringValue:
    """The marker that a note holds, the first of MARKERS; nothing where it holds none."""
    text = note.fill_null("").lower()
    branches = [(text.contains(word), ibis.literal(word)) for word in MARKERS]
    return ibis.cases(*branches, else_=ibis.null("string"))
