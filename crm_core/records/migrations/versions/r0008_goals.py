"""Goals by metric, month and sales channel, every change kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"


def upgrade() -> None:
    op.create_table(
        "goals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("saving", sa.Integer(), nullable=False),
        sa.Column("metric", sa.String(60), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("sales_channel", sa.String(200), nullable=False),
        sa.Column("target", sa.Float(), nullable=True),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("file", sa.String(200), nullable=False),
        sa.Column("author", sa.String(320), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("goals_by_subject", "goals", ["metric", "month", "sales_channel"])
    op.create_index("goals_by_saving", "goals", ["saving"])
    counters = sa.table("counters", sa.column("name"), sa.column("value"))
    op.bulk_insert(counters, [{"name": "goals", "value": 0}])
