"""Documents signed by several: agreement, parties, signers, signatures with their chain, files, reminders."""

import sqlalchemy as sa
from alembic import op

from stegvis.ground.tenancy.migrating import ref, schema

revision = "forbund_0003"
down_revision = "forbund_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("insats", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("kind in ('ansokan','overenskommelse')", name=op.f("ck_agreement_kind")),
        sa.CheckConstraint(
            "state in ('draft','collecting','complete','void')", name=op.f("ck_agreement_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        schema=schema(),
    )
    op.create_table(
        "agreement_party",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        _agreement("agreement_party"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_party")),
        schema=schema(),
    )
    op.create_table(
        "agreement_signer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("number_hash", sa.LargeBinary(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("ground_note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("token_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "ground in ('delegationsordning','arbetsordning','beslut','firmateckningsratt',"
            "'stallningsfullmakt','god_man','forvaltare')",
            name=op.f("ck_agreement_signer_ground"),
        ),
        _agreement("agreement_signer"),
        sa.ForeignKeyConstraint(
            ["party_id"], [ref("agreement_party.id")], name=op.f("fk_agreement_signer_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_signer")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_agreement_signer_token_hash")),
        schema=schema(),
    )
    op.create_table(
        "agreement_signature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("way in ('eid','papper','spar')", name=op.f("ck_agreement_signature_way")),
        sa.CheckConstraint("verdict in ('giltig','ogiltig')", name=op.f("ck_agreement_signature_verdict")),
        _agreement("agreement_signature"),
        _signer("agreement_signature"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_signature")),
        sa.UniqueConstraint("seq", name=op.f("uq_agreement_signature_seq")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_agreement_signature_signer_id"), "agreement_signature", ["signer_id"], schema=schema()
    )
    _files_and_reminders()
    for table in ("party", "signer", "signature", "file", "reminder"):
        name = f"agreement_{table}"
        op.create_index(op.f(f"ix_{name}_agreement_id"), name, ["agreement_id"], schema=schema())
    _begin_chain()


def _files_and_reminders() -> None:
    op.create_table(
        "agreement_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind in ('dokument','skannat','spar','fardig')", name=op.f("ck_agreement_file_kind")
        ),
        _agreement("agreement_file"),
        _signer("agreement_file"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_file")),
        schema=schema(),
    )
    op.create_table(
        "agreement_reminder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("by_account", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('lank','paminnelse')", name=op.f("ck_agreement_reminder_kind")),
        _agreement("agreement_reminder"),
        _signer("agreement_reminder"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_reminder")),
        schema=schema(),
    )


def _agreement(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["agreement_id"], [ref("agreement.id")], name=op.f(f"fk_{table}_agreement_id")
    )


def _signer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["signer_id"], [ref("agreement_signer.id")], name=op.f(f"fk_{table}_signer_id")
    )


def _begin_chain() -> None:
    """The chain's head, in schemas that have their other chain already; a new one gets both when it is made."""
    head = sa.table(
        "audit_head",
        sa.column("chain", sa.Text),
        sa.column("seq", sa.BigInteger),
        sa.column("hash", sa.LargeBinary),
        schema=schema(),
    )
    begun = op.get_bind().scalar(sa.select(sa.func.count()).select_from(head))
    if begun:
        op.get_bind().execute(sa.insert(head).values(chain="agreement_signature", seq=0, hash=bytes(32)))
