"""Offers, campaigns and who is in which arm of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _offers()
    _campaigns()
    _members()
    counters = sa.table("counters", sa.column("name"), sa.column("value"))
    op.execute(counters.insert().values(name="members", value=0))


def _offers() -> None:
    op.create_table(
        "offers",
        sa.Column("id", ROW_NUMBER, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_key", sa.String(240), nullable=False, unique=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("products", sa.JSON(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("starts_on", sa.Date()),
        sa.Column("ends_on", sa.Date()),
        sa.Column("cap", sa.Integer()),
        sa.Column("owner", sa.String(320), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", ROW_NUMBER, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_key", sa.String(240), nullable=False, unique=True),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("audience", sa.String(120), nullable=False),
        sa.Column("audience_version", sa.Integer()),
        sa.Column("contact_channel", sa.String(20), nullable=False),
        sa.Column("offer_id", sa.BigInteger()),
        sa.Column("cost_per_contact", sa.Float(), nullable=False),
        sa.Column("fixed_cost", sa.Float(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("holdout_share", sa.Float(), nullable=False),
        sa.Column("strata", sa.String(40), nullable=False),
        sa.Column("playbook", sa.String(40), nullable=False),
        sa.Column("expected_lift", sa.Float()),
        sa.Column("follows", sa.BigInteger()),
        sa.Column("owner", sa.String(320), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed_at", MOMENT),
        sa.Column("snapshot", sa.String(80)),
        sa.Column("as_of", sa.Date()),
        sa.Column("left_out", sa.JSON(), nullable=False),
    )


def _members() -> None:
    op.create_table(
        "campaign_members",
        sa.Column("campaign_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("assigned_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("customer_key", sa.BigInteger(), nullable=False),
        sa.Column("arm", sa.String(20), nullable=False),
        sa.Column("stratum", sa.String(80), nullable=False),
    )
    op.create_index("campaign_members_by_customer", "campaign_members", ["customer_key"])
