"""What is to be made better about products, and whose words may be shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0017"
down_revision = "r0015"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "improvements",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("product_id", sa.String(200), nullable=False),
        sa.Column("aspect", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("owner", sa.String(320), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("fixed_on", sa.Date(), nullable=True),
        sa.Column("author", sa.String(320), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "testimonials",
        sa.Column("review_id", sa.String(200), primary_key=True),
        sa.Column("customer_key", sa.BigInteger(), nullable=False),
        sa.Column("told_key", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("quoted_as", sa.String(20), nullable=False),
        sa.Column("told_by", sa.String(20), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.String(320), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("answered_by", sa.String(320), nullable=False),
        sa.Column("answered_at", moment, nullable=True),
    )
