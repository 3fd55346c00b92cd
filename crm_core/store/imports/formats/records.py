"""Any delimited file of one canonical table other than orders, read through a mapping.

A row is a customer, a product, a review, a consent ... Files are found by `order_lines`, which
proposes a mapping for every delimited file that no other format knows.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Facts, Job, Part, SourceFile
from crm_core.store.imports.formats import order_lines


class Records:
    """The format's name and how it is read."""

    name = "records"
    rank = 95
    has_repeats = True

    def facts(self, part: Part) -> Facts:
        """What the mapping tells."""
        return order_lines.FORMAT.facts(part)

    def claim(self, files: tuple[SourceFile, ...]) -> tuple[Part, ...]:
        """The files whose rows are not orders, when this format alone is asked."""
        parts = order_lines.FORMAT.claim(files)
        return tuple(part for part in parts if part.format == self.name)

    def stage(self, job: Job, part: Part) -> None:
        """The rows of the mapping's table, and of those it fills beside it."""
        order_lines.stage_part(job, part)


FORMAT = Records()
