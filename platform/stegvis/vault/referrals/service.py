"""Referrals: begun, saved as typed, sent, opened by the samtycke, answered; or destroyed at a no.

Until the samtycke is valid only the author reads a draft; the team sees a count (walls 7).
"""

import uuid
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session, short_scope
from stegvis.ground.web import autosave
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import actor, ask, require, subject
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.insats.forms import ParsedForm, to_json
from stegvis.plugin_host.service import definition_of
from stegvis.vault.forms import service as forms
from stegvis.vault.participants import service as participants
from stegvis.vault.referrals.ending import GONE, erase
from stegvis.vault.referrals.models import Referral
from stegvis.vault.referrals.offers import insatser_to_refer_to, offered
from stegvis.vault.referrals.opened import (
    Listed,
    Opened,
    ask_team,
    instance_of,
    list_row,
    named_for_team,
    open_row,
    subject_of,
)

__all__ = ["insatser_to_refer_to", "offered"]

OPEN_STATES = ("oppen", "antagen", "avbojd")


class ReferralFault(Exception):
    """What was asked cannot be done; the message is a sentence for the person."""


# -- the author ----------------------------------------------------------------------------------


def read_person(number: str, given_name: str, family_name: str) -> tuple[str, dict[str, str]]:
    """Check who the referral is about: (twelve digits, faults per field)."""
    digits, fault = read_number(number)
    faults = {"nummer": fault} if fault else {}
    if not given_name.strip():
        faults["fornamn"] = _("Skriv personens förnamn.")
    if not family_name.strip():
        faults["efternamn"] = _("Skriv personens efternamn.")
    return digits, faults


def read_number(typed: str) -> tuple[str, str]:
    """A typed personal or coordination number: (twelve digits, what is wrong with it)."""
    digits = participants.whole_number(typed)
    if digits is None:
        return "", _("Personnumret stämmer inte. Skriv tolv siffror: ÅÅÅÅMMDD-NNNN.")
    return digits, ""


def begin(insats: str, number: str, given_name: str, family_name: str) -> uuid.UUID:
    """Begin a draft about one person; a second click finds the same draft."""
    instance = instance_of(insats)
    require(offered(insats), "insats")
    # Two clicks at once take their turns here: the second one finds the first one's draft.
    audit.lock_chain()
    hashes = current().keys.search_hashes(number)
    same = session().scalar(
        sa.select(Referral.id).where(
            Referral.author_id == actor().account,
            Referral.insats == insats,
            Referral.number_hash.in_(hashes),
            Referral.state.in_(("utkast", "vantar_samtycke")),
        )
    )
    if same is not None:
        return same
    form = definition_of(instance).forms_for("remiss")[0]
    row = Referral(
        insats=insats,
        form_version=str(form.version),
        author_id=actor().account,
        number_hash=hashes[0],
        number=number,
        given_name=given_name.strip(),
        family_name=family_name.strip(),
        answers={},
        created_on=today(),
        state="utkast",
    )
    session().add(row)
    session().flush()
    audit.record("skapa", "referral", row.id, insats=insats)
    return row.id


def own(referral_id: uuid.UUID) -> Opened:
    """A referral that the actor wrote, with its form and what the target group's rules say."""
    row = _own_row(referral_id)
    _note_reading(row)
    return open_row(row)


def own_id(referral_id: uuid.UUID) -> uuid.UUID:
    """The id of a referral that the actor wrote; 404 for any other. Nothing of it is read."""
    return _own_row(referral_id).id


def save(referral_id: uuid.UUID, typed: Any) -> Opened:
    """Keep what has been typed so far, whatever it is."""
    row = _own_row(referral_id, lock=True)
    kept = (row.answers or {}).get("skrivet_vid")
    if row.state != "utkast" or autosave.overtaken(typed, kept):
        return open_row(row)
    definition = definition_of(instance_of(row.insats))
    form = definition.forms_for("remiss")[0]
    parsed = forms.read(definition, form, typed)
    row.answers = {
        "svar": to_json(parsed.answers),
        "skrivet": {name: list(values) for name, values in parsed.typed.items()},
        "skrivet_vid": autosave.mark_of(typed) or kept,
    }
    row.saved_at = now()
    session().flush()
    return open_row(row)


def discard(referral_id: uuid.UUID) -> None:
    """The author throws an own draft away: everything about the person goes. A second click changes nothing."""
    row = _own_row(referral_id, lock=True)
    if row.state == "utkast":
        erase(row, "slangd", "slangt_utkast")


def faults_before_sending(opened: Opened) -> ParsedForm:
    """The whole form as it must be to be sent."""
    return forms.read(opened.definition, opened.form, opened.parsed.typed, complete=True)


def send(referral_id: uuid.UUID) -> Opened:
    """Send the draft: it now waits for the person's samtycke. A second click changes nothing."""
    row = _own_row(referral_id, lock=True)
    opened = open_row(row)
    if row.state in GONE:
        raise ReferralFault(_("Utkastet är borttaget, så det går inte att skicka."))
    if row.state != "utkast":
        return opened
    if not faults_before_sending(opened).ok:
        raise ReferralFault(_("Remissen är inte klar. Fyll i det som saknas, så kan den skickas."))
    row.person_id = _open_account(row)
    row.state, row.sent_on = "vantar_samtycke", today()
    audit.record("skicka", "referral", row.id, insats=row.insats)
    return opened


def mine() -> list[Listed]:
    """The actor's own referrals: those that wait for the actor first, newest first within."""
    rows = session().scalars(
        sa.select(Referral)
        .where(Referral.author_id == actor().account, Referral.state != "slangd")
        .order_by(Referral.created_on.desc())
    )
    listed = [list_row(row) for row in rows]
    audit.record("lista", "referral", antal=len(listed))
    order = ("utkast", "nekad", "utgangen", "vantar_samtycke", "oppen", "atertagen", "avbojd", "antagen")
    return sorted(listed, key=lambda one: order.index(one.state))


def for_author(referral_id: uuid.UUID) -> tuple[Listed, str]:
    """How an own referral is doing, and the team's words to the author."""
    row = _own_row(referral_id)
    return list_row(row), row.decision_words or ""


# -- the samtycke's side -------------------------------------------------------------------------


def waiting_for_person() -> list[Referral]:
    """The referrals that wait for the yes of the person who is logged in."""
    return list(
        session().scalars(
            sa.select(Referral).where(
                Referral.person_id == actor().account, Referral.state == "vantar_samtycke"
            )
        )
    )


def sent_about_number(insats: str, number: str) -> Referral | None:
    """The referral to an insats about the person with this number that waits for a yes, or else was last opened.

    Whoever holds the signed paper knows the number: by it, and for this transaction alone, the row is seen.
    """
    asked = (
        sa.select(Referral.id)
        .where(
            Referral.insats == insats,
            Referral.number_hash.in_(current().keys.search_hashes(number)),
            Referral.state.in_(("vantar_samtycke", "oppen")),
        )
        .order_by(Referral.state.desc(), Referral.sent_on.desc())
        .limit(1)
    )
    with short_scope(current().id) as machine:
        found = machine.session.scalar(asked)
    audit.record("sok", "referral", insats=insats, antal=0 if found is None else 1)
    if found is None:
        return None
    current().opens(found)
    return session().get(Referral, found)


def locked(referral_id: uuid.UUID) -> Referral:
    """The row, locked for the transaction that decides about it."""
    asked = sa.select(Referral).where(Referral.id == referral_id).with_for_update()
    # Read again under the lock: what was read before it may have been decided meanwhile.
    row = session().scalar(asked.execution_options(populate_existing=True))
    require(row is not None, "referral", referral_id)
    assert row is not None
    return row


def open_for_team(row: Referral) -> uuid.UUID:
    """The samtycke is valid: the person becomes a participant of the vault, the referral opens for the team."""
    person = participants.ensure(row.number, row.given_name, row.family_name)
    row.participant_id, row.state, row.opened_on = person.id, "oppen", today()
    accounts.join_participant(row.number, person.id)
    audit.record("oppna", "participant", person.id, insats=row.insats, remiss=str(row.id))
    return person.id


def close(referral_id: uuid.UUID) -> None:
    """The samtycke was taken back: what the team has not answered is closed, and nobody there reads it more."""
    row = locked(referral_id)
    if row.state == "oppen":
        row.state, row.decided_on = "atertagen", today()
        audit.record("besluta", "referral", row.id, insats=row.insats, beslut="atertaget_samtycke")


def destroy(row: Referral) -> None:
    """The person said no: everything about the person goes; the author is told that it did."""
    erase(row, "nekad", "nekat_samtycke")


# -- the team ------------------------------------------------------------------------------------


def on_the_way(insats: str) -> int:
    """How many referrals to an insats are being written or wait for a samtycke: a count, nothing else."""
    counted = sa.select(sa.func.count()).where(
        Referral.insats == insats, Referral.state.in_(("utkast", "vantar_samtycke"))
    )
    # The team's own transaction sees none of these rows (walls 7); the machine counts them.
    with short_scope(current().id) as machine:
        return machine.session.scalar(counted) or 0


def waiting(insats: str) -> list[tuple[uuid.UUID, date]]:
    """Opened referrals that wait for the team's answer: (id, since)."""
    rows = session().execute(
        sa.select(Referral.id, Referral.opened_on)
        .where(Referral.insats == insats, Referral.state == "oppen")
        .order_by(Referral.opened_on)
    )
    return [(row.id, row.opened_on) for row in rows]


def accepted(insats: str) -> list[tuple[uuid.UUID, str, date, bool, bool]]:
    """Accepted referrals, also those that are enrolled: (id, name, since, may be opened, protected data)."""
    asked = sa.select(Referral).where(Referral.insats == insats, Referral.state == "antagen")
    rows = session().scalars(asked.order_by(Referral.decided_on))
    found = named_for_team(rows)
    return [(row.id, name, row.decided_on or today(), may_be, mark) for row, name, may_be, mark in found]


def participant_of_accepted(referral_id: uuid.UUID) -> uuid.UUID:
    """The participant of an accepted referral; 404 for any other."""
    row = session().get(Referral, referral_id)
    ask_team(row, referral_id, ("antagen",))
    assert row is not None and row.participant_id is not None
    return row.participant_id


def insats_of(referral_id: uuid.UUID) -> str:
    """The insats of a referral that is open for the team; 404 for any other."""
    row = session().get(Referral, referral_id)
    require(row is not None and row.state in OPEN_STATES, "referral", referral_id)
    assert row is not None
    return row.insats


def of_team(insats: str) -> list[Listed]:
    """Every referral that is open for the team, those that wait first."""
    ask(Action.WORK, subject(insats), "insats")
    rows = session().scalars(
        sa.select(Referral)
        .where(Referral.insats == insats, Referral.state.in_(OPEN_STATES))
        .order_by(Referral.opened_on.desc())
    )
    listed = [list_row(row, name, may_be) for row, name, may_be, _mark in named_for_team(rows)]
    audit.record("lista", "referral", insats=insats, antal=len(listed))
    return sorted(listed, key=lambda one: OPEN_STATES.index(one.state))


def allow_team(insats: str, referral_id: uuid.UUID) -> None:
    """Let the team of a referral's insats pass; 404 for others, and before the samtycke. Nothing of it is read."""
    wanted = sa.select(Referral.insats, Referral.state, Referral.participant_id)
    found = session().execute(wanted.where(Referral.id == referral_id)).first()
    about = None
    if found is not None and found.insats == insats and found.state in (*OPEN_STATES, "atertagen"):
        person = found.participant_id
        about = subject(insats, person=person, compartment=participants.compartment_of(person))
    ask(Action.WORK, about, "referral", referral_id)


def read_by_team(row: Referral) -> Opened:
    """A referral, whole, for the team. `row` comes out of the statement that asked for a valid samtycke."""
    _note_reading(row)
    return open_row(row)


def decide(referral_id: uuid.UUID, *, accept: bool, words: str) -> Referral:
    """The team's answer; a no needs words to the author. A second click changes nothing.

    Raises ReferralFault for a no without words, and where somebody has answered otherwise already.
    """
    row = locked(referral_id)
    ask_team(row, referral_id, (*OPEN_STATES, "atertagen"))
    if row.state == "atertagen":
        raise ReferralFault(_("Personen har just tagit tillbaka sitt samtycke, så svaret är inte sparat."))
    wanted = "antagen" if accept else "avbojd"
    if row.state == wanted:
        return row
    if row.state != "oppen":
        raise ReferralFault(_("Remissen är redan besvarad. Läs svaret nedan; inget har ändrats."))
    if not accept and not words.strip():
        raise ReferralFault(
            _("Skriv några ord om varför, och vad du föreslår i stället. Remittenten läser det.")
        )
    row.state = wanted
    row.decided_on, row.decided_by = today(), actor().account
    row.decision_words = words.strip() or None
    audit.record("besluta", "referral", row.id, insats=row.insats, beslut=row.state)
    return row


# -- inside --------------------------------------------------------------------------------------


def _open_account(row: Referral) -> uuid.UUID:
    """The person's account. An outsider may make nobody's: theirs is opened beside the open transaction.

    Committed first: should the sending fail, the job that forgets accounts which nobody needs takes it again.
    """
    opened, name = current(), f"{row.given_name} {row.family_name}"
    if not opened.outsider:
        # In turn with the job that forgets accounts which no referral needs any more.
        audit.lock_chain()
        return accounts.open_account(row.number, name, "deltagare")
    with short_scope(opened.id, account=opened.account) as beside:
        beside.facts["role"] = opened.facts.get("role", "")
        audit.lock_chain()
        return accounts.open_account(row.number, name, "deltagare")


def _own_row(referral_id: uuid.UUID, *, lock: bool = False) -> Referral:
    row = session().get(Referral, referral_id)
    ask(Action.OWN, subject_of(row), "referral", referral_id)
    assert row is not None
    return locked(referral_id) if lock else row


def _note_reading(row: Referral) -> None:
    """One event for a reading of the person's referral; about the participant as soon as there is one."""
    if row.participant_id is None:
        audit.record("las", "referral", row.id, insats=row.insats)
    else:
        audit.record("las", "participant", row.participant_id, insats=row.insats, sida="remiss")
