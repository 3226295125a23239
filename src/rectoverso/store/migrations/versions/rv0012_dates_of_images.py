"""Where in the ledger the images of a day begin and end is found without a look at each of them."""

from __future__ import annotations

from alembic import op

revision = "rv0012"
down_revision = "rv0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_assets_dated", "assets", ["ledger_index", "decided_at"])
