"""Alembic runs this file; the connection, its transaction already begun, comes from ``schema.migrate``."""

from __future__ import annotations

from alembic import context

from rectoverso.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
