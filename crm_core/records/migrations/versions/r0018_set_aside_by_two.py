"""Orders and reviews are set aside by two people; what one alone had set aside is proposed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0018"
down_revision = "r0017"

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "set_aside",
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("item_id", sa.String(200), primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("proposer", sa.String(320), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approver", sa.String(320)),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("vouched", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "set_aside_log",
        sa.Column("id", ROW_NUMBER, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user", sa.String(320), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("vouched", sa.Boolean(), nullable=False),
    )
    op.execute(
        "INSERT INTO set_aside (kind, item_id, state, reason, proposer, proposed_at, vouched) "
        "SELECT 'order', order_id, 'proposed', reason, \"user\", at, false FROM set_aside_orders"
    )
    op.drop_table("set_aside_orders")
    counters = sa.table("counters", sa.column("name"), sa.column("value"))
    op.bulk_insert(counters, [{"name": "set_aside", "value": 0}])
