"""Pauses of marketing, and what was given out of goodwill."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0015"
down_revision = "r0014"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "pauses",
        sa.Column("customer_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("user", sa.String(320), nullable=False),
        sa.Column("at", moment, nullable=False),
    )
    op.create_table(
        "goodwill",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("customer_key", sa.BigInteger(), nullable=False),
        sa.Column("told_key", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("user", sa.String(320), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("taken_back_at", moment),
        sa.Column("taken_back_by", sa.String(320), nullable=False),
    )
    op.create_index("goodwill_by_customer", "goodwill", ["customer_key", "at"])
