"""Who was erased, told by keyed hashes alone: whoever has the store but not the key learns nobody.

A plain hash of a telephone number is undone by trying all numbers there are; HMAC-SHA-256 with a
key that lies outside the store is not.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

#: What a person is known again by. Of an account, its id, where it was one person's household.
KINDS = ("source_id", "email", "mailbox", "phone", "visitor", "account_id")


@dataclass(frozen=True)
class Tombstones:
    """The traces of everybody erased, as hashes under `key`; empty where nobody was."""

    key: bytes = b""
    digests: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.digests)

    def cover(self, kind: str, value: str) -> bool:
        """Whether this trace is somebody's who was erased."""
        return bool(self.digests) and digest(self.key, kind, value) in self.digests

    def covered(self, kind: str, values: Iterable[str | None]) -> list[str]:
        """Those of the values that are."""
        if not self.digests:
            return []
        return [value for value in values if value is not None and self.cover(kind, value)]


def digest(key: bytes, kind: str, value: str) -> str:
    """The hash of a trace in its one form.

    >>> digest(b"k" * 32, "email", "ann@example.com") == digest(b"k" * 32, "email", "ann@example.com")
    True
    >>> digest(b"k" * 32, "email", "ann@example.com") == digest(b"x" * 32, "email", "ann@example.com")
    False
    """
    return hmac.digest(key, f"{kind}:{value}".encode(), "sha256").hex()
