"""Who sees which rows inside a vault: row level security by account, beside the grants (walls 7, 17, 19).

A transaction says who acts (`stegvis.account`: an account's id, or `maskin` for jobs and the command line; a
bare psql says nothing). The outsiders' role (`ute`) sees the rows of its own account: a remittent the referrals
that it wrote, a participant what is about that person. The vault's role (`hm`) sees everything but what is not
the team's yet: a referral whose samtycke has not been given.

A rule is SQL with placeholders: {me} the acting account or NULL, {who} the setting as it is, {opened} the
referral that this transaction opens, and the vault's tables by name. Tables without a rule have no row level
security: their grants alone hold.
"""

import dataclasses
from dataclasses import dataclass

import psycopg
from psycopg import sql

ACCOUNT, OPENS = "stegvis.account", "stegvis.opens"
MACHINE = "maskin"

PARTS = {
    "who": "(SELECT current_setting('stegvis.account', true))",
    "me": (
        "(SELECT CASE WHEN current_setting('stegvis.account', true) ~ '^[0-9a-f-]{36}$' "
        "THEN current_setting('stegvis.account', true)::uuid END)"
    ),
    "opened": "(SELECT current_setting('stegvis.opens', true))",
}


@dataclass(frozen=True)
class Rule:
    """One policy of one role: for which command, which rows are there, and which may be written."""

    command: str
    using: str = ""
    check: str = ""


def _own(using: str, *, write: bool = False, insert: str = "") -> tuple[Rule, ...]:
    """Rows to read; with `write` the same rows to change; with `insert` what a new row must be."""
    rules = [Rule("SELECT", using)]
    if write:
        rules.append(Rule("UPDATE", using, using))
    if insert:
        rules.append(Rule("INSERT", "", insert))
    return tuple(rules)


ALL = (Rule("ALL", "true", "true"),)

_OF_THE_TEAM = "state IN ('oppen', 'antagen', 'avbojd', 'atertagen')"
_MINE = "participant_id = (SELECT a.participant_id FROM {account} a WHERE a.id = {me})"
_OF_MY_ENROLMENT = "enrolment_id IN (SELECT e.id FROM {enrolment} e)"
_OF_MY_CONSENT = "consent_id IN (SELECT c.id FROM {consent} c)"
_OF_MY_OWN_CONSENT = (
    "consent_id IN (SELECT c.id FROM {consent} c JOIN {account} a ON a.participant_id = c.participant_id"
    " WHERE a.id = {me})"
)
_OF_CONSENT_I_ASK_FOR = (
    "consent_id IN (SELECT c.id FROM {consent} c JOIN {referral} r ON r.id = c.referral_id"
    " WHERE r.author_id = {me})"
)
_OF_MY_REFERRAL = "referral_id IN (SELECT r.id FROM {referral} r)"

# Table -> kind of role -> its rules. A role that is granted a table with rules and has none here sees no row.
RULES: dict[str, dict[str, tuple[Rule, ...]]] = {
    "account": {
        "hm": ALL,
        # Names of staff and authors stand on the outsiders' pages; who else is a participant does not.
        "ute": _own("id = {me} OR kind NOT IN ('deltagare', 'foretradare')"),
    },
    "account_right": {"hm": ALL, "ute": _own("account_id = {me}")},
    "audit_event": {
        "hm": ALL,
        "ute": _own(
            "subject_id = (SELECT a.participant_id FROM {account} a WHERE a.id = {me})",
            insert="account_id = {me}",
        ),
        "gallring": (Rule("INSERT", "", "true"),),
    },
    "participant": {
        "hm": ALL,
        "ute": _own("id = (SELECT a.participant_id FROM {account} a WHERE a.id = {me})"),
    },
    "opened_with_reason": {"hm": ALL, "ute": _own(_MINE)},
    "referral": {
        "hm": _own(
            f"{_OF_THE_TEAM} OR author_id = {{me}} OR person_id = {{me}}"
            f" OR {{who}} = '{MACHINE}' OR id::text = {{opened}}",
            write=True,
            insert=f"author_id = {{me}} OR {{who}} = '{MACHINE}'",
        ),
        "ute": _own("author_id = {me} OR person_id = {me}", write=True, insert="author_id = {me}"),
    },
    "consent": {
        "hm": ALL,
        "ute": _own(f"{_OF_MY_REFERRAL} OR {_MINE}", write=True, insert=_OF_MY_REFERRAL),
    },
    # Who must sign is said by the referral's author; a text that has changed is signed anew by all.
    "consent_signer": {"hm": ALL, "ute": _own(_OF_MY_CONSENT, write=True, insert=_OF_CONSENT_I_ASK_FOR)},
    "consent_told": {"hm": ALL, "ute": _own(_OF_MY_CONSENT, insert=_OF_MY_OWN_CONSENT)},
    "consent_evidence": {"hm": ALL, "ute": _own(_OF_MY_CONSENT), "gallring": (Rule("SELECT", "true"),)},
    # The records themselves are the person's: whoever referred the person does not read them.
    "consent_evidence_blob": {"hm": ALL, "ute": _own(_OF_MY_OWN_CONSENT), "gallring": ALL},
    "consent_key": {"hm": ALL, "ute": _own(_OF_MY_OWN_CONSENT), "gallring": ALL},
    "enrolment": {"hm": ALL, "ute": _own(_MINE)},
    "plan": {"hm": ALL, "ute": _own(_OF_MY_ENROLMENT)},
    "measurement": {"hm": ALL, "ute": _own(_OF_MY_ENROLMENT)},
    "measurement_value": {
        "hm": ALL,
        "ute": _own("measurement_id IN (SELECT m.id FROM {measurement} m)"),
    },
}


def apply(raw: psycopg.Connection, schema: str, roles: dict[str, str]) -> None:
    """Make the policies of one vault equal to RULES; `roles` names the role of each kind. Runs as the owner.

    The owner itself is not bound by them: a migration must see what it changes, and nobody logs in as owner.
    """
    names = {table: sql.Identifier(schema, table) for table in RULES}
    parts: dict[str, sql.Composable] = {key: sql.SQL(text) for key, text in PARTS.items()}
    parts |= names
    for table, kinds in RULES.items():
        raw.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(names[table]))
        for (old,) in raw.execute(
            "SELECT policyname FROM pg_policies WHERE schemaname = %s AND tablename = %s", [schema, table]
        ).fetchall():
            raw.execute(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(old), names[table]))
        for kind, rules in kinds.items():
            for rule in rules:
                raw.execute(_policy(f"{kind}_{rule.command.lower()}", names[table], roles[kind], rule, parts))


def _policy(
    name: str, table: sql.Identifier, role: str, rule: Rule, parts: dict[str, sql.Composable]
) -> sql.Composed:
    statement = sql.SQL("CREATE POLICY {} ON {} FOR {} TO {}").format(
        sql.Identifier(name), table, sql.SQL(rule.command), sql.Identifier(role)
    )
    if rule.using:
        statement += sql.SQL(" USING ({})").format(sql.SQL(rule.using).format(**parts))
    if rule.check:
        statement += sql.SQL(" WITH CHECK ({})").format(sql.SQL(rule.check).format(**parts))
    return statement


def written() -> dict[str, object]:
    """The rules as plain data, for the mark that says whether a schema has them."""
    return {
        table: {kind: [dataclasses.asdict(rule) for rule in rules] for kind, rules in kinds.items()}
        for table, kinds in RULES.items()
    }
