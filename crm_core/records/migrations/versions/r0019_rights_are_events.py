"""Restrictions and corrections are added, never changed; nobody could have made one before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0019"
down_revision = "r0018"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name in ("restrictions", "corrections"):
        op.drop_index(f"{name}_by_customer", table_name=name)
        op.drop_table(name)
    own: dict[str, list[sa.Column[object]]] = {
        "restrictions": [sa.Column("holds", sa.Boolean(), nullable=False)],
        "corrections": [
            sa.Column("field", sa.String(40), nullable=False),
            sa.Column("value", sa.String(400)),
        ],
    }
    for name, columns in own.items():
        op.create_table(
            name,
            sa.Column("id", _NUMBER, primary_key=True),
            sa.Column("told_key", sa.BigInteger(), nullable=False),
            sa.Column("customer_key", sa.BigInteger(), nullable=False),
            *columns,
            sa.Column("reason", sa.String(200), nullable=False),
            sa.Column("user", sa.String(320), nullable=False),
            sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        )
        op.create_index(f"{name}_by_customer", name, ["customer_key"])
        op.create_index(f"{name}_by_told", name, ["told_key"])
