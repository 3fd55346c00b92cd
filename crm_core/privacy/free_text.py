"""What customers wrote, as far as somebody may read it: addresses and numbers in it are blotted out for
who may not see them clearly. A name in the middle of a sentence nobody can tell from a word."""

from __future__ import annotations

import re
from typing import Final

from crm_core.privacy.escape import plain
from crm_core.privacy.policy import Access, treatment

LONGEST: Final = 2_000
_HIDDEN = "•••"
_ADDRESS = re.compile(r"[^\s,;，；。@]+@[^\s,;，；。]+")
_LINK = re.compile(r"(?:https?://|www\.)[^\s，；。]+", re.IGNORECASE)
_NUMBER = re.compile(r"\+?\d(?:[ ().\-/]?\d){6,}")


def free_text(access: Access, text: object, limit: int = LONGEST) -> str:
    """One line of visible text, at most `limit` characters, without what names somebody where the role
    or a presentation hides it.

    >>> free_text(Access("viewer", "ann"), "Call me: +49 30 1234567, bo@example.com")
    'Call me: •••, •••'
    """
    line = plain(text, limit)
    if treatment(access, "view", "email") == "clear":
        return line
    for pattern in (_ADDRESS, _LINK, _NUMBER):
        line = pattern.sub(_HIDDEN, line)
    return line
