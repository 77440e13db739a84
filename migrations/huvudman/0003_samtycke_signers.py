"""A samtycke by word of mouth, with an interpreter, by several who sign, and with the scanned paper."""

import sqlalchemy as sa
from alembic import op

from stegvis.ground.tenancy.migrating import ref, schema

revision = "huvudman_0003"
down_revision = "huvudman_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_consent_method"), "consent", schema=schema(), type_="check")
    op.create_check_constraint(
        op.f("ck_consent_method"), "consent", "method in ('','eid','papper','muntligt')", schema=schema()
    )
    for name in ("interpreter", "interpreter_language"):
        empty = sa.Column(name, sa.Text(), nullable=False, server_default="")
        op.add_column("consent", empty, schema=schema())
        op.alter_column("consent", name, server_default=None, schema=schema())
    op.create_check_constraint(
        op.f("ck_consent_interpreter"),
        "consent",
        "interpreter in ('','auktoriserad','annan')",
        schema=schema(),
    )
    op.add_column("consent", sa.Column("heard_by_sealed", sa.LargeBinary(), nullable=True), schema=schema())
    op.create_table(
        "consent_signer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("ground_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role in ('personen','vardnadshavare','god_man','forvaltare')",
            name=op.f("ck_consent_signer_role"),
        ),
        sa.CheckConstraint(
            "state in ('vantar','signerat','atertaget','struken')", name=op.f("ck_consent_signer_state")
        ),
        sa.CheckConstraint("method in ('','eid','papper','muntligt')", name=op.f("ck_consent_signer_method")),
        sa.ForeignKeyConstraint(
            ["consent_id"], [ref("consent.id")], name=op.f("fk_consent_signer_consent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_signer")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_consent_signer_consent_id"), "consent_signer", ["consent_id"], unique=False, schema=schema()
    )
    op.create_table(
        "consent_scan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('pdf','jpeg','png')", name=op.f("ck_consent_scan_kind")),
        sa.ForeignKeyConstraint(["consent_id"], [ref("consent.id")], name=op.f("fk_consent_scan_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_scan")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_consent_scan_consent_id"), "consent_scan", ["consent_id"], unique=False, schema=schema()
    )
