"""Which consents are a file's, and about whom they were recorded before two customers were one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"


def upgrade() -> None:
    # What is there may be people's word: a file that is undone must not take it away.
    op.add_column(
        "consents", sa.Column("imported", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("consents", sa.Column("told_key", sa.BigInteger()))
    op.create_table(
        "customer_moves",
        sa.Column("old_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("new_key", sa.BigInteger(), nullable=False),
    )
