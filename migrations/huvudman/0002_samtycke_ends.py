"""A samtycke can be asked for again, ends with the avslut, and its parties are told when it is taken back."""

import sqlalchemy as sa
from alembic import op

from stegvis.ground.tenancy.migrating import ref, schema

revision = "huvudman_0002"
down_revision = "huvudman_0001"
branch_labels = None
depends_on = None

STATES = "state in ('fraga','given','nekad','atertagen','struken')"


def upgrade() -> None:
    # The old record stays beside the new one: one referral may have several.
    op.drop_constraint(op.f("uq_consent_referral_id"), "consent", schema=schema(), type_="unique")
    op.create_index(op.f("ix_consent_referral_id"), "consent", ["referral_id"], unique=False, schema=schema())
    op.drop_constraint(op.f("ck_consent_state"), "consent", schema=schema(), type_="check")
    op.create_check_constraint(op.f("ck_consent_state"), "consent", STATES, schema=schema())
    op.add_column("consent", sa.Column("terms_sealed", sa.LargeBinary(), nullable=True), schema=schema())
    op.add_column("consent", sa.Column("ends_by", sa.Date(), nullable=True), schema=schema())
    op.add_column("consent", sa.Column("withdrawn_by", sa.Uuid(), nullable=True), schema=schema())
    op.add_column(
        "consent", sa.Column("withdrawn_note_sealed", sa.LargeBinary(), nullable=True), schema=schema()
    )
    op.create_table(
        "consent_told",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("told_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(told_on is null) = (how = '')", name=op.f("ck_consent_told_told")),
        sa.CheckConstraint(
            "how in ('','telefon','mote','brev','inget_delat')", name=op.f("ck_consent_told_how")
        ),
        sa.ForeignKeyConstraint(["consent_id"], [ref("consent.id")], name=op.f("fk_consent_told_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_told")),
        sa.UniqueConstraint("consent_id", "position", name=op.f("uq_consent_told_consent_id_position")),
        schema=schema(),
    )
