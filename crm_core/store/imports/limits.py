"""How much one import may unpack, so that a small file cannot fill the disk or the memory."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.errors import CrmError

MB = 1024 * 1024
MOST_MEMBERS = 200
_NEVER_A_BOMB_MB = 100  # however well it was packed


@dataclass(frozen=True)
class Limits:
    """Bytes unpacked in all, packed files in all, and cells of one sheet.

    `ratio`: how many times larger than itself a large packed file may become; shop files shrink
    to a tenth, hardly ever to a hundredth.
    """

    unpacked_mb: int = 4096
    members: int = MOST_MEMBERS
    cells: int = 10_000_000
    ratio: int = 200

    @classmethod
    def of_uploads(cls, max_upload_mb: int) -> Limits:
        """What a page allows, where an upload has `max_upload_mb`.

        >>> Limits.of_uploads(50).unpacked_mb
        1000
        """
        return cls(unpacked_mb=20 * max_upload_mb, cells=5_000_000)


@dataclass
class Budget:
    """What is left of the limits while files are opened."""

    limits: Limits
    bytes_used: int = 0
    members_used: int = 0

    def spend(self, count: int, name: str) -> None:
        """Take bytes off; raise CrmError("import_archive_too_large") when none are left."""
        self.bytes_used += count
        if self.bytes_used > self.limits.unpacked_mb * MB:
            raise CrmError("import_archive_too_large", file=name, limit=self.limits.unpacked_mb)

    def check_ratio(self, packed: int, unpacked: int, name: str) -> None:
        """Raise CrmError("import_archive_ratio") for a file that grows beyond what tables do."""
        if unpacked > _NEVER_A_BOMB_MB * MB and unpacked > packed * self.limits.ratio:
            raise CrmError("import_archive_ratio", file=name, limit=self.limits.ratio)

    def add_members(self, count: int, name: str) -> None:
        """Count packed files; raise CrmError("import_archive_members") above the limit."""
        self.members_used += count
        if self.members_used > self.limits.members:
            raise CrmError("import_archive_members", file=name, limit=self.limits.members)
