"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _people()
    _saved()
    _consents()
    _audit()
    _small()


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("user", sa.String(320), primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
    )
    op.create_table(
        "shop_settings",
        sa.Column("key", sa.String(60), primary_key=True),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_by", sa.String(320), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
    )


def _saved() -> None:
    op.create_table(
        "saved_audiences",
        sa.Column("id", ROW_NUMBER, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_key", sa.String(240), nullable=False, unique=True),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("owner", sa.String(320), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "saved_views",
        sa.Column("owner", sa.String(320), primary_key=True),
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("query", sa.String(2000), nullable=False),
    )


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", ROW_NUMBER, primary_key=True),
        sa.Column("customer_key", sa.BigInteger(), nullable=False),
        sa.Column("contact_channel", sa.String(20), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.UniqueConstraint(
            "customer_key",
            "contact_channel",
            "purpose",
            "at",
            "state",
            "source",
            name="one_consent_event",
        ),
    )
    op.create_table(
        "suppressions",
        sa.Column("customer_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("contact_channel", sa.String(20), primary_key=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("user", sa.String(320), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.JSON(), nullable=False),
        sa.Column("rows", sa.BigInteger()),
        sa.Column("sha256", sa.String(64)),
        sa.Column("export_id", sa.String(40)),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("audit_by_action", "audit", ["action", "at"])


def _small() -> None:
    op.create_table(
        "set_aside_orders",
        sa.Column("order_id", sa.String(200), primary_key=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("user", sa.String(320), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.LargeBinary(), nullable=False),
    )
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("value", sa.BigInteger(), nullable=False),
    )
    op.bulk_insert(counters, [{"name": "decisions", "value": 0}, {"name": "audit", "value": 0}])
