"""What people decided about who is one customer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0001"


def upgrade() -> None:
    op.create_table(
        "identity_overrides",
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("trace", sa.String(20), primary_key=True),
        sa.Column("value", sa.String(400), primary_key=True),
        sa.Column("other", sa.String(400), primary_key=True),
        sa.Column("user", sa.String(320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
