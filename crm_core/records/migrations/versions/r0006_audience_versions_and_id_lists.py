"""What saved audiences were before, and lists of customers that people bring along."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0005"

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "audience_versions",
        sa.Column("audience_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("saved_by", sa.String(320), nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
    )
    # Of what is there, only the version of now is known.
    op.execute(
        "INSERT INTO audience_versions (audience_id, version, name, rule, saved_by, saved_at) "
        "SELECT id, version, name, rule, owner, created_at FROM saved_audiences"
    )
    op.create_table(
        "id_lists",
        sa.Column("id", ROW_NUMBER, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_key", sa.String(240), nullable=False, unique=True),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("owner", sa.String(320), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "id_list_members",
        sa.Column("list_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("told_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("customer_key", sa.BigInteger(), nullable=False),
    )
    op.create_index("id_list_members_by_customer", "id_list_members", ["customer_key"])
