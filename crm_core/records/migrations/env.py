"""Runs the migrations on the connection it is given; there is no file of settings."""

from __future__ import annotations

from alembic import context

from crm_core.records.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
