"""Expected failures: a code and its facts; `crm_core.text` words them at the edge."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from difflib import get_close_matches


class CrmError(Exception):
    """Something a user can understand and mend.

    `code` names the failure (its words are the text key `error.<code>`), `facts` fill the
    placeholders. Facts never hold personal data or secrets: they may be logged and shown.

    >>> CrmError("unknown_metric", name="revenu", match="revenue").facts["match"]
    'revenue'
    """

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code, facts)

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.code}({facts})"


def close_match(word: str, words: Iterable[str]) -> str:
    """The known word that looks most like `word`, or an empty string.

    >>> close_match("revenu", ["revenue", "orders"])
    'revenue'
    """
    found = get_close_matches(word, list(words), n=1, cutoff=0.6)
    return found[0] if found else ""


def disk_error(error: BaseException) -> CrmError | None:
    """What a disk refused, in our words: it is full, or takes no writing at all.

    None for any other failure: nobody can mend what they were not told.

    >>> str(disk_error(OSError(errno.ENOSPC, "of some file")))
    'store_disk_full()'
    >>> str(disk_error(OSError(errno.EROFS, "of some file")))
    'store_read_only()'
    """
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return CrmError("store_disk_full")
    if number == errno.EROFS:
        return CrmError("store_read_only")
    return None
