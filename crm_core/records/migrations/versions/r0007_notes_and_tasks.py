"""Notes and tasks on numbers, customers, charts, campaigns and pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notes",
        *_about(),
        sa.Column("day", sa.Date(), nullable=False),
        *_said(),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("notes_by_subject", "notes", ["subject_kind", "subject"])
    op.create_table(
        "tasks",
        *_about(),
        *_said(),
        sa.Column("owner", sa.String(320), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("done_by", sa.String(320), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("tasks_by_subject", "tasks", ["subject_kind", "subject"])
    op.create_index("tasks_by_done", "tasks", ["done_at", "due"])


def _about() -> list[sa.Column[object]]:
    return [
        sa.Column("id", ROW_NUMBER, primary_key=True),
        sa.Column("subject_kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("told_subject", sa.String(120), nullable=False),
    ]


def _said() -> list[sa.Column[object]]:
    return [
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("author", sa.String(320), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
    ]
