"""What was planted, collected while the shop is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from crm_core.demo.block import Block


@dataclass
class Truths:
    """Filled block by block."""

    blocks: list[Block] = field(default_factory=list)

    def add(self, seed: int, block: Block) -> None:
        """Notes a block."""
        self.blocks.append(block)
