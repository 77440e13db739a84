"""What `./run check --mutations` takes out, one at a time, and the test that must then fail.

To add one: name the wall, say in a few Swedish words what is gone, give the file, a text that stands exactly
once in it, what to put in its place (the code must still run), and the test as pytest names it. Choose the
smallest change that opens a hole, and the test that guards it; a test that falls for any other reason proves
nothing. With `still` it is the other way round: two walls stand behind each other, the first is taken out, and
the test must pass all the same (walls 19: a forgotten check in an outsider's page shows nobody else's row).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One thing taken out: `old` stands once in `file` and becomes `new`; then `test` must fail (or `still` pass)."""

    wall: int
    what: str
    file: str
    old: str
    new: str
    test: str
    still: bool = False


HOUSE = "platform/stegvis"
TENANCY = f"{HOUSE}/ground/tenancy"
WALLS = "tests/walls"
ACCESS = "tests/stegvis/identity/access"

MUTATIONS = (
    Mutation(
        1,
        "förbundets inloggning får bli valv",
        f"{TENANCY}/provision.py",
        '_run(raw, "GRANT {role} TO {login}", role=role, login=login(self.prefix, kind))',
        'for each in {kind, "fb"}:\n'
        '                _run(raw, "GRANT {role} TO {login}", role=role, login=login(self.prefix, each))',
        f"{WALLS}/test_wall_01_escapes.py::test_no_escape_to_a_vault_from_an_engine",
    ),
    Mutation(
        1,
        "inloggningar ärver sina roller",
        f"{TENANCY}/bootstrap.py",
        'sql.SQL(options.get(kind, "LOGIN NOINHERIT"))',
        'sql.SQL(options.get(kind, "LOGIN INHERIT"))',
        f"{WALLS}/test_wall_01_escapes.py::test_a_vault_engine_without_a_scope_reads_nothing",
    ),
    Mutation(
        1,
        "skalets inloggning blir kvar",
        f"{TENANCY}/shell.py",
        "        finally:\n            _drop(migrator, settings, name)",
        "        finally:\n            pass",
        f"{WALLS}/test_wall_01_escapes.py::test_a_shell_login_is_gone_when_the_shell_ends",
    ),
    Mutation(
        2,
        "dokumenten görs med webbens miljö",
        f"{HOUSE}/ground/documents/in_child.py",
        "cwd=root, env={}",
        "cwd=root, env=None",
        "tests/stegvis/ground/documents/test_render.py::test_the_child_starts_with_an_empty_environment",
    ),
    Mutation(
        2,
        "mallens mapp är hela disken",
        f"{HOUSE}/ground/documents/child/typst_pdf.py",
        "            root=root,\n",
        '            root="/",\n',
        "tests/stegvis/ground/documents/test_render.py::test_a_template_reads_nothing_outside_its_folder",
    ),
    Mutation(
        2,
        "en text i Excel blir en formel",
        f"{HOUSE}/ground/documents/child/excel_xlsx.py",
        '        cell.data_type = "s"\n',
        "",
        f"{WALLS}/test_wall_02_templates.py::test_any_text_in_excel_is_a_text",
    ),
    Mutation(
        3,
        "den gamla kakan gäller efter inloggningen",
        f"{HOUSE}/identity/accounts/sessions.py",
        '    language = session.get("sprak")\n    session.rotate()\n',
        '    language = session.get("sprak")\n',
        f"{WALLS}/test_wall_03_no_register.py::test_a_new_login_makes_the_old_cookie_worthless",
    ),
    Mutation(
        3,
        "kakan gäller hos ett annat förbund",
        f"{HOUSE}/identity/access/policy.py",
        "if scope_id.forbund != g.forbund.id or not scopes().directory.knows(scope_id):",
        "if not scopes().directory.knows(scope_id):",
        f"{ACCESS}/test_access_sessions.py::test_a_cookie_is_worth_nothing_at_another_host",
    ),
    Mutation(
        4,
        "ett konto som har löpt ut släpps in",
        f"{HOUSE}/identity/accounts/service.py",
        "sa.or_(account.ends_on.is_(None), account.ends_on >= day))",
        "sa.true())",
        f"{ACCESS}/test_access_sessions.py::test_accounts_of_other_authorities_end_after_ninety_days",
    ),
    Mutation(
        7,
        "PostgreSQL visar arbetslaget ett utkast",
        f"{TENANCY}/row_rules.py",
        'f"{_OF_THE_TEAM} OR author_id = {{me}} OR person_id = {{me}}"',
        "f\"state <> '' OR author_id = {{me}} OR person_id = {{me}}\"",
        f"{WALLS}/test_wall_07_drafts.py::test_a_team_that_forgets_to_ask_still_reads_no_draft",
    ),
    Mutation(
        8,
        "radskyddet gäller inte ägaren",
        f"{TENANCY}/provision.py",
        '        _run(raw, "ALTER TABLE {schema}.{table} FORCE ROW LEVEL SECURITY", **names)\n',
        "",
        f"{WALLS}/test_wall_08_shared_tables.py::test_every_table_granted_to_a_vault_is_walled",
    ),
    Mutation(
        8,
        "en huvudman ser alla huvudmäns rader",
        f"{TENANCY}/provision.py",
        '"USING (huvudman = {huvudman}) WITH CHECK (huvudman = {huvudman})"',
        '"USING (true) WITH CHECK (huvudman = {huvudman})"',
        f"{WALLS}/test_wall_08_shared_tables.py::test_marked_rows_are_seen_by_their_own_huvudman_alone",
    ),
    Mutation(
        8,
        "en huvudman skriver i en annans namn",
        f"{TENANCY}/provision.py",
        '"USING (huvudman = {huvudman}) WITH CHECK (huvudman = {huvudman})"',
        '"USING (huvudman = {huvudman}) WITH CHECK (true)"',
        f"{WALLS}/test_wall_08_shared_tables.py::test_nobody_writes_in_anothers_name",
    ),
    Mutation(
        9,
        "händelser i valvet kan ändras",
        f"{TENANCY}/grants.py",
        '    "audit_event": {"hm": "SI", "ute": "SI", "gallring": "I"},',
        '    "audit_event": {"hm": "SIU", "ute": "SI", "gallring": "I"},',
        f"{WALLS}/test_wall_09_grants.py::test_append_only_tables_refuse_every_runtime_role",
    ),
    Mutation(
        9,
        "gamla rättigheter tas inte tillbaka",
        f"{TENANCY}/provision.py",
        '            _run(raw, "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}", **names)\n',
        "",
        f"{WALLS}/test_wall_09_grants.py::test_a_grant_beyond_the_matrix_goes_at_the_next_provisioning",
    ),
    Mutation(
        10,
        "ett valv pekar på förbundets tabell",
        "migrations/huvudman/0001_first_tables.py",
        'sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),',
        'sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),'
        ' sa.ForeignKeyConstraint(["insats"], ["stegvis.tenant.id"]),',
        f"{WALLS}/test_wall_10_no_edge_across.py::test_no_constraint_crosses",
    ),
    Mutation(
        11,
        "krypterat är inte bundet till sin rad",
        f"{HOUSE}/ground/keys/keyring.py",
        'return f"{self.schema}|{table}|{column}|{row}".encode()',
        'return f"{self.schema}|{table}|{column}".encode()',
        f"{WALLS}/test_wall_11_keys.py::test_ciphertext_does_not_move",
    ),
    Mutation(
        11,
        "en annans nyckelfil duger",
        f"{HOUSE}/ground/keys/key_files.py",
        'if content.get("scope") != scope or len(key) != 32:',
        "if len(key) != 32:",
        f"{WALLS}/test_wall_11_keys.py::test_a_wrong_key_file_is_a_sentence",
    ),
    Mutation(
        12,
        "databasens fel går ut som de är",
        f"{TENANCY}/errors.py",
        "        fault = describe(error)\n",
        "        raise describe(error) from error\n",
        "tests/stegvis/ground/tenancy/test_database_errors.py::test_a_cast_that_fails",
    ),
    Mutation(
        13,
        "det som lästes i ett scope kan läggas in i ett annat",
        f"{TENANCY}/scope.py",
        "        _keep_apart(opened, scope_id)\n",
        "",
        f"{WALLS}/test_wall_13_held_objects.py::test_a_change_through_a_held_object_reaches_nobody",
    ),
    Mutation(
        13,
        "det som hölls kvar berättar efteråt",
        f"{TENANCY}/scope.py",
        "        opened.expire_all()\n",
        "",
        f"{WALLS}/test_wall_13_held_objects.py::test_a_held_object_raises_everywhere",
    ),
    Mutation(
        13,
        "ett scope öppnas i ett annat",
        f"{TENANCY}/scope.py",
        "    if _current.get() is not None:\n",
        "    if False:\n",
        f"{WALLS}/test_wall_13_held_objects.py::test_no_second_scope_inside_the_first",
    ),
    Mutation(
        14,
        "arbetaren kör vad som helst ur kön",
        f"{HOUSE}/worker.py",
        "        if is_ours(job):\n",
        "        if job.id:\n",
        f"{WALLS}/test_wall_14_queue.py::test_nothing_else_runs_whatever_is_put_into_the_queue",
    ),
    Mutation(
        14,
        "arbete som är gjort görs igen",
        f"{HOUSE}/ground/jobs/service.py",
        "if row is None or row.done_at is not None:",
        "if row is None:",
        f"{WALLS}/test_wall_14_queue.py::test_done_work_is_not_done_again",
    ),
    Mutation(
        17,
        "papperen frågar inte om samtycket är taget tillbaka",
        f"{HOUSE}/vault/consent/service.py",
        '        Referral.id == referral_id,\n        Consent.state == "given",\n',
        "        Referral.id == referral_id,\n",
        f"{WALLS}/test_wall_17_withdrawal.py::test_nothing_is_shown_that_was_read_after_the_withdrawal",
    ),
    Mutation(
        17,
        "papperen frågar inte om samtycket har löpt ut",
        f"{HOUSE}/vault/consent/service.py",
        "        Consent.valid_from <= day,\n        Consent.valid_to >= day,\n",
        "        Consent.valid_from <= day,\n",
        f"{WALLS}/test_wall_17_withdrawal.py::test_papers_end_with_the_last_day_of_the_samtycke",
    ),
    Mutation(
        18,
        "ett nekande försvinner med det som rullas tillbaka",
        f"{HOUSE}/identity/audit/service.py",
        "    with short_scope(opened.id, account=opened.account, outsider=opened.outsider) as short:\n",
        "    with __import__('contextlib').nullcontext(opened) as short:\n",
        "tests/stegvis/identity/audit/test_audit_chain.py::test_events_of_a_rolled_back_scope_are_gone_but_a_refusal_stays",
    ),
    Mutation(
        18,
        "kedjans huvud låses inte",
        f"{HOUSE}/identity/audit/service.py",
        "asked = sa.select(head_table).where(head_table.chain == chain).with_for_update()",
        "asked = sa.select(head_table).where(head_table.chain == chain)",
        "tests/stegvis/identity/audit/test_audit_chain.py::test_writers_at_the_same_time_do_not_fork_the_chain",
    ),
    Mutation(
        19,
        "utomstående får valvets egen roll",
        f"{HOUSE}/identity/access/policy.py",
        'outsider = bool(login.get("outsider"))',
        "outsider = False",
        f"{ACCESS}/test_access_policy.py::test_outsiders_work_under_the_narrow_role",
    ),
    Mutation(
        19,
        "remittentens sida frågar inte vems utkastet är",
        f"{HOUSE}/vault/referrals/service.py",
        '    ask(Action.OWN, subject_of(row), "referral", referral_id)\n',
        '    require(row is not None, "referral", referral_id)\n',
        "tests/stegvis/vault/referrals/test_referral_drafts.py::test_only_the_author_reads_before_the_yes",
        still=True,
    ),
    Mutation(
        19,
        "deltagarens sida frågar inte vems samtycket är",
        f"{HOUSE}/vault/consent/rows.py",
        "found = [row for row in own_rows() if row.id == consent_id]",
        "found = list(session().scalars(sa.select(Consent).where(Consent.id == consent_id)))",
        "tests/stegvis/vault/consent/test_consent_other_ways.py::test_nobody_reads_or_answers_anothers_samtycke",
        still=True,
    ),
    Mutation(
        19,
        "PostgreSQL visar en utomstående andras inskrivningar",
        f"{TENANCY}/row_rules.py",
        '"enrolment": {"hm": ALL, "ute": _own(_MINE)}',
        '"enrolment": {"hm": ALL, "ute": _own("true")}',
        f"{WALLS}/test_wall_19_outsiders.py::test_somebody_sees_the_rows_about_oneself_and_no_others",
    ),
    Mutation(
        19,
        "PostgreSQL visar en utomstående andras remisser",
        f"{TENANCY}/row_rules.py",
        '_own("author_id = {me} OR person_id = {me}", write=True, insert="author_id = {me}")',
        '_own("true", write=True, insert="author_id = {me}")',
        f"{WALLS}/test_wall_07_drafts.py::test_postgresql_shows_a_draft_to_its_author_and_the_person_alone",
    ),
    Mutation(
        19,
        "sidans krav på rätt frågas inte",
        f"{HOUSE}/identity/access/decide.py",
        "    if not rights or any(actor.has(right, insats) for right in rights):",
        "    if True:",
        f"{ACCESS}/test_access_policy.py::test_right_and_kind_are_both_asked_for",
    ),
    Mutation(
        19,
        "en person visas för den som inte är i arbetslaget",
        f"{HOUSE}/vault/enrolments/cases.py",
        "    policy.ask(\n        Action.READ_PERSON,\n",
        "    (lambda *_asked, **_more: None)(\n        Action.READ_PERSON,\n",
        "tests/stegvis/vault/enrolments/test_enrolment_pages.py::test_somebody_elses_person_is_404_and_one_refusal",
    ),
    Mutation(
        19,
        "en skyddad person visas för hela arbetslaget",
        f"{HOUSE}/identity/access/decide.py",
        "return bool(right) and not actor.has(right, subject.insats)",
        "return False",
        "tests/stegvis/vault/enrolments/test_open_with_reason.py::test_a_protected_person_is_a_row_without_a_name",
    ),
    Mutation(
        19,
        "formulär tas emot utan sin engångskod",
        f"{HOUSE}/app.py",
        "    CSRFProtect(app)\n",
        '    CSRFProtect()\n    app.jinja_env.globals["csrf_token"] = str\n',
        f"{ACCESS}/test_access_sessions.py::test_a_form_without_its_token_is_refused",
    ),
    Mutation(
        19,
        "filen med personer lämnas utan ny legitimering",
        f"{HOUSE}/identity/access/decide.py",
        "Action.EXPORT: Rule(rights=(INSATSLEDARE,), step_up=True),",
        "Action.EXPORT: Rule(rights=(INSATSLEDARE,)),",
        f"{ACCESS}/test_step_up.py::test_five_minutes_are_fresh_and_a_second_more_is_not",
    ),
    Mutation(
        21,
        "två namn som krockar släpps igenom",
        f"{TENANCY}/names.py",
        "            if taken.setdefault(name, str(scope)) != str(scope):\n",
        "            if not taken.setdefault(name, str(scope)):\n",
        f"{WALLS}/test_wall_21_names.py::test_clashing_files_are_refused_with_a_sentence",
    ),
    Mutation(
        21,
        "ett annat scopes schema öppnas",
        f"{TENANCY}/scope.py",
        "if marker is None or written != str(scope_id):",
        "if marker is None:",
        f"{WALLS}/test_wall_21_names.py::test_a_schema_that_is_anothers_is_not_opened",
    ),
    Mutation(
        24,
        "rollen blir kvar på anslutningen",
        f"{TENANCY}/scope.py",
        'sa.func.set_config("role", role, True),',
        'sa.func.set_config("role", role, False),',
        f"{WALLS}/test_wall_24_beside_tables.py::test_nothing_of_a_scope_stays_on_its_connection",
    ),
)
