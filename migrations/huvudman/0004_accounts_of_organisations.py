"""The tables of a vault: accounts of an organisation's e-ID, a name to be shown under, an e-mail address."""

import sqlalchemy as sa
from alembic import op

from stegvis.ground.tenancy.migrating import schema

revision = "huvudman_0004"
down_revision = "huvudman_0003"
branch_labels = None
depends_on = None

NEW = ("org_hash", "org_sealed", "display_name_sealed", "email_sealed")


def upgrade() -> None:
    for table in ("account", "invitation"):
        for name in NEW:
            op.add_column(table, sa.Column(name, sa.LargeBinary(), nullable=True), schema=schema())
        op.alter_column(table, "number_hash", nullable=True, schema=schema())
    op.create_unique_constraint(
        op.f("uq_account_org_hash_kind"), "account", ["org_hash", "kind"], schema=schema()
    )
    op.create_check_constraint(
        op.f("ck_account_somebody"), "account", "num_nonnulls(number_hash, org_hash) > 0", schema=schema()
    )
