"""What parts of a shop are called beside the two that are no part: all others, and those not told.

A shop may call a channel whatever it likes, `_others` too. A name that begins as our own two do is
written with one underscore more, so that no name is ever one of them.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

OTHERS: Final = "_others"
UNKNOWN: Final = "_unknown"
_MARK: Final = "_"


def code_of(name: str) -> str:
    """The code of a part by the name that the shop gave it.

    >>> code_of("web"), code_of("_others"), name_of(code_of("_others"))
    ('web', '__others', '_others')
    """
    return f"{_MARK}{name}" if name.startswith(_MARK) else name


def name_of(code: str) -> str:
    """The shop's name of a part that is none of our own two."""
    return code[1:] if code.startswith(_MARK * 2) else code


def is_rest(code: str) -> bool:
    """Whether it is one of our own two, which stand behind the shop's parts.

    >>> is_rest("_others"), is_rest("__others"), is_rest("_x")
    (True, False, False)
    """
    return code in (OTHERS, UNKNOWN)


def codes_of(names: ir.StringValue) -> ir.StringValue:
    """The same as `code_of`, of a column."""
    marked = ibis.literal(_MARK) + names
    found: ir.StringValue = ibis.ifelse(names.substr(0, 1) == _MARK, marked, names)
    return found
