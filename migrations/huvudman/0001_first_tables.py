"""The tables of a vault: the first tables."""

import sqlalchemy as sa
from alembic import op

from stegvis.ground.tenancy.migrating import ref, schema

revision = "huvudman_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("insats", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_audit_event_account_id"), "audit_event", ["account_id"], unique=False, schema=schema()
    )
    op.create_index(
        op.f("ix_audit_event_subject_id"), "audit_event", ["subject_id"], unique=False, schema=schema()
    )
    op.create_table(
        "audit_head",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_head")),
        schema=schema(),
    )
    op.create_table(
        "data_key",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "version", name=op.f("pk_data_key")),
        schema=schema(),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("insats", sa.Text(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
        schema=schema(),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
        schema=schema(),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("given_name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("family_name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("gender in ('kvinna','man')", name=op.f("ck_participant_gender")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("number_hash", name=op.f("uq_participant_number_hash")),
        schema=schema(),
    )
    op.create_table(
        "participant_name",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], [ref("participant.id")], name=op.f("fk_participant_name_participant_id")
        ),
        sa.PrimaryKeyConstraint("participant_id", "hash", name=op.f("pk_participant_name")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_participant_name_hash"), "participant_name", ["hash"], unique=False, schema=schema()
    )
    op.create_table(
        "report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("insats", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("steering_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sent_by", sa.Uuid(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("attested_by", sa.Uuid(), nullable=True),
        sa.Column("attested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state in ('utkast','granskas','attesterad','mottagen','komplettering')",
            name=op.f("ck_report_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint(
            "insats", "period_from", "period_to", name=op.f("uq_report_insats_period_from_period_to")
        ),
        schema=schema(),
    )
    op.create_table(
        "scope_marker",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("keys", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_scope_marker")),
        schema=schema(),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewed_on", sa.Date(), nullable=True),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "kind in ('personal','remittent','motesdeltagare','deltagare','foretradare','utvarderare')",
            name=op.f("ck_account_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], [ref("participant.id")], name=op.f("fk_account_participant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("number_hash", "kind", name=op.f("uq_account_number_hash_kind")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_account_participant_id"), "account", ["participant_id"], unique=False, schema=schema()
    )
    op.create_table(
        "report_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sentence_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], [ref("report.id")], name=op.f("fk_report_mark_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_mark")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_report_mark_report_id"), "report_mark", ["report_id"], unique=False, schema=schema()
    )
    op.create_table(
        "report_text",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("page_mark", sa.Text(), nullable=True),
        sa.Column("saved_by", sa.Uuid(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], [ref("report.id")], name=op.f("fk_report_text_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_text")),
        sa.UniqueConstraint("report_id", "section", name=op.f("uq_report_text_report_id_section")),
        schema=schema(),
    )
    op.create_table(
        "sent_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payload_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], [ref("report.id")], name=op.f("fk_sent_report_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_report")),
        sa.UniqueConstraint("report_id", "version", name=op.f("uq_sent_report_report_id_version")),
        schema=schema(),
    )
    op.create_table(
        "account_right",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("right", sa.Text(), nullable=False),
        sa.Column("insats", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], [ref("account.id")], name=op.f("fk_account_right_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "right", "insats", name=op.f("pk_account_right")),
        schema=schema(),
    )
    op.create_table(
        "opened_with_reason",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("insats", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], [ref("account.id")], name=op.f("fk_opened_with_reason_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], [ref("participant.id")], name=op.f("fk_opened_with_reason_participant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opened_with_reason")),
        schema=schema(),
    )
    for column in ("account_id", "participant_id"):
        op.create_index(
            op.f(f"ix_opened_with_reason_{column}"),
            "opened_with_reason",
            [column],
            unique=False,
            schema=schema(),
        )
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("insats", sa.Text(), nullable=False),
        sa.Column("form_version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("number_hash", sa.LargeBinary(), nullable=True),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("given_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("family_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decision_words_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "state in ('utkast', 'vantar_samtycke', 'oppen', 'antagen', 'avbojd', 'nekad', 'slangd',"
            " 'utgangen', 'atertagen')",
            name=op.f("ck_referral_state"),
        ),
        sa.ForeignKeyConstraint(["author_id"], [ref("account.id")], name=op.f("fk_referral_author_id")),
        sa.ForeignKeyConstraint(["person_id"], [ref("account.id")], name=op.f("fk_referral_person_id")),
        sa.ForeignKeyConstraint(
            ["participant_id"], [ref("participant.id")], name=op.f("fk_referral_participant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        schema=schema(),
    )
    op.create_index(op.f("ix_referral_author_id"), "referral", ["author_id"], unique=False, schema=schema())
    op.create_index(
        "ix_referral_insats_state", "referral", ["insats", "state"], unique=False, schema=schema()
    )
    op.create_index(
        op.f("ix_referral_number_hash"), "referral", ["number_hash"], unique=False, schema=schema()
    )
    op.create_index(
        op.f("ix_referral_participant_id"), "referral", ["participant_id"], unique=False, schema=schema()
    )
    op.create_index(op.f("ix_referral_person_id"), "referral", ["person_id"], unique=False, schema=schema())
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("insats", sa.Text(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("text_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registered_by", sa.Uuid(), nullable=True),
        sa.Column("paper_note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("method in ('','eid','papper')", name=op.f("ck_consent_method")),
        sa.CheckConstraint("state in ('fraga','given','nekad','atertagen')", name=op.f("ck_consent_state")),
        sa.ForeignKeyConstraint(
            ["participant_id"], [ref("participant.id")], name=op.f("fk_consent_participant_id")
        ),
        sa.ForeignKeyConstraint(["referral_id"], [ref("referral.id")], name=op.f("fk_consent_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("referral_id", name=op.f("uq_consent_referral_id")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_consent_participant_id"), "consent", ["participant_id"], unique=False, schema=schema()
    )
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("insats", sa.Text(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("handledare_id", sa.Uuid(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("forsorjning_before", sa.JSON(), nullable=False),
        sa.Column("sysselsattning_before", sa.Text(), nullable=False),
        sa.Column("utbildning", sa.Text(), nullable=False),
        sa.Column("months_on_support", sa.Text(), nullable=False),
        sa.Column("baseline_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("exit_code", sa.Text(), nullable=True),
        sa.Column("exit_words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("exit_answers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("forsorjning_after", sa.JSON(), nullable=True),
        sa.Column("sysselsattning_after", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(ended_on is null) = (exit_code is null)", name=op.f("ck_enrolment_exit")),
        sa.CheckConstraint("ended_on is null or ended_on >= started_on", name=op.f("ck_enrolment_order")),
        sa.ForeignKeyConstraint(
            ["handledare_id"], [ref("account.id")], name=op.f("fk_enrolment_handledare_id")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], [ref("participant.id")], name=op.f("fk_enrolment_participant_id")
        ),
        sa.ForeignKeyConstraint(["referral_id"], [ref("referral.id")], name=op.f("fk_enrolment_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("referral_id", name=op.f("uq_enrolment_referral_id")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_enrolment_handledare_id"), "enrolment", ["handledare_id"], unique=False, schema=schema()
    )
    op.create_index(
        "ix_enrolment_insats_started", "enrolment", ["insats", "started_on"], unique=False, schema=schema()
    )
    op.create_index(
        op.f("ix_enrolment_participant_id"), "enrolment", ["participant_id"], unique=False, schema=schema()
    )
    op.create_table(
        "activity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("where_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], [ref("enrolment.id")], name=op.f("fk_activity_enrolment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_activity_enrolment_id"), "activity", ["enrolment_id"], unique=False, schema=schema()
    )
    op.create_table(
        "consent_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict in ('giltig','ogiltig')", name=op.f("ck_consent_evidence_verdict")),
        sa.ForeignKeyConstraint(
            ["consent_id"], [ref("consent.id")], name=op.f("fk_consent_evidence_consent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_evidence")),
        sa.UniqueConstraint("seq", name=op.f("uq_consent_evidence_seq")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_consent_evidence_consent_id"),
        "consent_evidence",
        ["consent_id"],
        unique=False,
        schema=schema(),
    )
    op.create_table(
        "consent_evidence_blob",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"], [ref("consent.id")], name=op.f("fk_consent_evidence_blob_consent_id")
        ),
        sa.ForeignKeyConstraint(
            ["id"], [ref("consent_evidence.id")], name=op.f("fk_consent_evidence_blob_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_evidence_blob")),
        schema=schema(),
    )
    op.create_index(
        op.f("ix_consent_evidence_blob_consent_id"),
        "consent_evidence_blob",
        ["consent_id"],
        unique=False,
        schema=schema(),
    )
    op.create_table(
        "consent_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], [ref("consent.id")], name=op.f("fk_consent_key_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_key")),
        sa.UniqueConstraint("consent_id", name=op.f("uq_consent_key_consent_id")),
        schema=schema(),
    )
    op.create_table(
        "measurement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("instrument_version", sa.Text(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("together", sa.Boolean(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], [ref("enrolment.id")], name=op.f("fk_measurement_enrolment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measurement")),
        sa.UniqueConstraint(
            "enrolment_id",
            "instrument",
            "on_date",
            name=op.f("uq_measurement_enrolment_id_instrument_on_date"),
        ),
        schema=schema(),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form_version", sa.Text(), nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], [ref("enrolment.id")], name=op.f("fk_plan_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("enrolment_id", "version", name=op.f("uq_plan_enrolment_id_version")),
        schema=schema(),
    )
    op.create_table(
        "measurement_value",
        sa.Column("measurement_id", sa.Uuid(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("rater", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["measurement_id"], [ref("measurement.id")], name=op.f("fk_measurement_value_measurement_id")
        ),
        sa.PrimaryKeyConstraint("measurement_id", "indicator", "rater", name=op.f("pk_measurement_value")),
        schema=schema(),
    )
