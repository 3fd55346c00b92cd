"""What a shop said the columns of its files mean."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0022"
down_revision = "r0021"


def upgrade() -> None:
    op.create_table(
        "kept_mappings",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("toml", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.String(320), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
    )
