"""The one matrix of what each role may do with each table; a test compares it with the catalogue (walls 9).

Roles, seen from a schema: `fb` the förbund's own role, `hm` a vault's role, `ute` the vault's outsiders,
`gallring` who takes away a vault's evidence when its time is over, `pub` the publishing worker, `door` who
reads the directory. Verbs: S select, I insert, U update, D delete. A table that is not named here is open to
nobody. Nothing is granted by default, to PUBLIC or by column.
"""

import hashlib
import json

from stegvis.ground.tenancy import row_rules

VERBS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE"}

Matrix = dict[str, dict[str, str]]

STEGVIS: Matrix = {
    "tenant": {"door": "S"},
    "installation": {"door": "S"},
}

FORBUND: Matrix = {
    "scope_marker": {"fb": "S"},
    "data_key": {"fb": "S"},
    "account": {"fb": "SIU"},
    "account_right": {"fb": "SID"},
    "invitation": {"fb": "SIU"},
    "audit_event": {"fb": "SI"},
    "audit_head": {"fb": "SU"},
    "outbox": {"fb": "SIU", "pub": "SI"},
    "arende": {"fb": "SI"},
    "handling": {"fb": "SI"},
    "inbox": {"fb": "S", "pub": "SI"},
    "received_report": {"fb": "SIU", "hm": "S"},
    "returned_report": {"fb": "SI", "hm": "S"},
    "agreement": {"fb": "SIU"},
    "agreement_party": {"fb": "SIU"},
    "agreement_signer": {"fb": "SIU"},
    "agreement_signature": {"fb": "SI"},
    "agreement_file": {"fb": "SI"},
    "agreement_reminder": {"fb": "SI"},
}

HUVUDMAN: Matrix = {
    "scope_marker": {"hm": "S", "ute": "S"},
    "data_key": {"hm": "S"},
    "account": {"hm": "SIU", "ute": "S"},
    "account_right": {"hm": "SID", "ute": "S"},
    "invitation": {"hm": "SIU"},
    "audit_event": {"hm": "SI", "ute": "SI", "gallring": "I"},
    "audit_head": {"hm": "SU", "ute": "SU", "gallring": "SU"},
    "outbox": {"hm": "SIU", "ute": "I"},
    "participant": {"hm": "SIU", "ute": "S"},
    "participant_name": {"hm": "SI"},
    "opened_with_reason": {"hm": "SI", "ute": "S"},
    "referral": {"hm": "SIU", "ute": "SIU"},
    "consent": {"hm": "SIU", "ute": "SIU"},
    "consent_told": {"hm": "SIU", "ute": "SI"},
    "consent_signer": {"hm": "SIU", "ute": "SIU"},
    "consent_scan": {"hm": "SI"},
    "consent_evidence": {"hm": "SI", "ute": "S", "gallring": "S"},
    "consent_evidence_blob": {"hm": "SI", "ute": "S", "gallring": "SD"},
    "consent_key": {"hm": "SI", "ute": "S", "gallring": "SD"},
    "enrolment": {"hm": "SIU", "ute": "S"},
    "activity": {"hm": "SIU"},
    "plan": {"hm": "SI", "ute": "S"},
    "measurement": {"hm": "SI", "ute": "S"},
    "measurement_value": {"hm": "SI", "ute": "S"},
    "report": {"hm": "SIU"},
    "report_text": {"hm": "SIU"},
    "report_mark": {"hm": "SIU"},
    "sent_report": {"hm": "SI"},
}

PUBLICERING: Matrix = {
    "scope_marker": {"pub": "S"},
    "contribution": {"pub": "S", "hm": "SI"},
    "ledger": {"pub": "SI", "hm": "S"},
    "outbox": {"pub": "SU", "hm": "SI"},
}

MATRIX = {"stegvis": STEGVIS, "forbund": FORBUND, "huvudman": HUVUDMAN, "publicering": PUBLICERING}

# Tables of a förbund or of its publishing schema that vaults reach: forced row level security, and each
# vault's role sees and writes the rows of its own huvudman alone (walls 8).
SHARED = {
    "forbund": ("received_report", "returned_report"),
    "publicering": ("contribution", "ledger", "outbox"),
}


def verbs(level: str, table: str, kind: str) -> tuple[str, ...]:
    """The SQL verbs that a kind of role has on a table, in a fixed order."""
    return tuple(VERBS[letter] for letter in MATRIX[level].get(table, {}).get(kind, ""))


def fingerprint() -> str:
    """A digest of matrix and row rules: a schema whose marker carries it needs neither anew."""
    written = json.dumps([MATRIX, SHARED, row_rules.PARTS, row_rules.written()], sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()
