"""Who typed a consent and why; customers who are restricted, corrections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0014"
down_revision = "r0013"


def upgrade() -> None:
    for name, length in (("recorded_by", 320), ("reason", 200), ("wording", 2000)):
        op.add_column("consents", sa.Column(name, sa.String(length)))
    op.create_table(
        "restrictions",
        sa.Column("told_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("customer_key", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("user", sa.String(320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("restrictions_by_customer", "restrictions", ["customer_key"])
    op.create_table(
        "corrections",
        sa.Column("told_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("field", sa.String(40), primary_key=True),
        sa.Column("customer_key", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.String(400), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("user", sa.String(320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("corrections_by_customer", "corrections", ["customer_key"])
