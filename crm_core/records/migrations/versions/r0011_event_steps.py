"""The ticks of events' checklists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0011"
down_revision = "r0010"


def upgrade() -> None:
    op.create_table(
        "event_steps_done",
        sa.Column("event", sa.String(200), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("step", sa.String(40), primary_key=True),
        sa.Column("author", sa.String(320), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
    )
