"""What the pages about a samtycke show: to the person, beside the author, and to the team."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.access.policy import require
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.insats.consent import MAIN
from stegvis.vault.consent import interpreters, registering, rows, signers, texts
from stegvis.vault.consent.asking import AGAIN, newest
from stegvis.vault.consent.ending import told_of
from stegvis.vault.consent.interpreters import Interpreter
from stegvis.vault.consent.models import Consent, ConsentSigner, ConsentTold
from stegvis.vault.consent.standing import ConsentState, State, state_for, state_of, that_counts
from stegvis.vault.participants import service as participants
from stegvis.vault.referrals import service as referrals
from stegvis.vault.referrals.models import Referral


@dataclass(frozen=True)
class ConsentPage:
    """A samtycke as the person reads it, in the chosen language; `text` is the Swedish text that is signed.

    `again`: somebody who is known already is asked once more; `holds_to` the last day of the yes that holds
    meanwhile. `told`: the parties and whether they have been told, once it was taken back.
    """

    row: Consent
    state: State
    insats_name: str
    read: texts.Reading
    valid_to: date
    text: str
    again: bool
    holds_to: date | None
    ends_soon: bool
    told: Sequence[ConsentTold]
    signers: Sequence[ConsentSigner]
    interpreter: Interpreter
    receipt: bool

    @property
    def may_sign(self) -> bool:
        """Whether the person itself is to sign, and has not yet."""
        return self.state == "fraga" and _for_person(self.signers)


@dataclass(frozen=True)
class SignersPage:
    """Who must sign an own referral's samtycke; `under_age`: the person is a child."""

    row: Consent
    insats_name: str
    signers: Sequence[ConsentSigner]
    under_age: bool


@dataclass(frozen=True)
class Mine:
    """A samtycke in the person's own list. `counts`: it is the one that says how things stand for its insats.

    `signed`: it waits for others, and not for the person any more. `other_title` names one that is not the main one.
    """

    row: Consent
    state: ConsentState
    insats_name: str
    other_title: str
    counts: bool
    ends_soon: bool
    signed: bool


@dataclass(frozen=True)
class StaffPage:
    """A samtycke for the team: who, how it stands, what is to be done, and those before and after it."""

    row: Consent
    name: str
    insats_name: str
    state: ConsentState
    told: Sequence[ConsentTold]
    beside: tuple[tuple[ConsentState, str], ...]
    registered_by: str
    withdrawn_by: str
    may_ask: bool
    other_title: str
    others: Mapping[str, str]
    signers: Sequence[ConsentSigner]
    scans: Sequence[tuple[uuid.UUID, str, int]]
    interpreter: Interpreter


def page(consent_id: uuid.UUID, language: str) -> ConsentPage:
    """A samtycke for the person it asks; 404 for anybody else."""
    row = rows.own(consent_id)
    audit.record("las", "consent", row.id, insats=row.insats)
    return _page(row, language)


def page_for_author(referral_id: uuid.UUID, language: str) -> ConsentPage:
    """The question for the person who sits beside the referral's author."""
    row = newest(referrals.own_id(referral_id))
    require(row is not None, "consent")
    assert row is not None
    audit.record("las", "consent", row.id, insats=row.insats, sida="bredvid")
    return _page(row, language)


def page_for_team(insats: str, consent_id: uuid.UUID, language: str) -> ConsentPage:
    """A question that was asked again, for the person who sits beside somebody of the team."""
    row = rows.of_team(insats, consent_id)
    audit.record("las", "consent", row.id, insats=row.insats, sida="bredvid")
    return _page(row, language)


def signers_page(referral_id: uuid.UUID) -> SignersPage:
    """Who must sign, for the referral's author; 404 for others, and when the question has been answered."""
    row = newest(referrals.own_id(referral_id))
    require(row is not None and row.state == "fraga", "consent")
    assert row is not None
    audit.record("las", "consent", row.id, insats=row.insats, sida="undertecknare")
    name = current().forbund.insats_by_id(row.insats).name
    return SignersPage(row, name, signers.of(row.id), signers.under_age(referral_id))


def mine() -> list[Mine]:
    """The samtycken of the person who is logged in: those that wait, then the others, newest first."""
    found = sorted(rows.own_rows(), key=lambda row: row.created_at, reverse=True)
    audit.record("lista", "consent", antal=len(found))
    groups: dict[tuple[str, str], list[Consent]] = {}
    for row in found:
        groups.setdefault((row.insats, row.kind), []).append(row)
    counting = [that_counts(rows_of_one) for rows_of_one in groups.values()]
    by_id = {state.id: state for state in counting}
    listed = [
        Mine(
            row,
            by_id.get(row.id) or state_of(row),
            current().forbund.insats_by_id(row.insats).name,
            _other_title(row),
            row.id in by_id,
            _ends_soon(row),
            row.state == "fraga" and not _for_person(signers.of(row.id)),
        )
        for row in found
    ]
    return sorted(listed, key=lambda one: one.state.state != "fraga")


def staff_page(insats: str, consent_id: uuid.UUID) -> StaffPage:
    """A samtycke for the team of its insats; 404 for others, and before the person's first yes."""
    row = rows.of_team(insats, consent_id)
    assert row.participant_id is not None
    audit.record("las", "participant", row.participant_id, insats=insats, sida="samtycke")
    asked = sa.select(Consent).where(Consent.participant_id == row.participant_id, Consent.insats == insats)
    beside = sorted(session().scalars(asked), key=lambda one: one.created_at, reverse=True)
    referral = session().get(Referral, row.referral_id)
    waits = any(one.state == "fraga" for one in beside if one.kind == row.kind)
    asked_for = {one.kind for one in beside if one.state in ("fraga", "given")}
    others = {kind: title for kind, title in texts.other_kinds(insats).items() if kind not in asked_for}
    stands = referral is not None and referral.state in AGAIN
    return StaffPage(
        row=row,
        name=participants.get(row.participant_id).name,
        insats_name=current().forbund.insats_by_id(insats).name,
        state=state_of(row),
        told=told_of(row.id),
        beside=tuple(
            (state_of(one), _other_title(one))
            for one in beside
            if one.id != row.id and one.state != "struken"
        ),
        registered_by=accounts.name_of(row.registered_by),
        withdrawn_by=accounts.name_of(row.withdrawn_by),
        may_ask=not waits and stands,
        other_title=_other_title(row),
        others=others if stands and row.kind == MAIN and state_of(row).state == "given" else {},
        signers=signers.of(row.id),
        scans=registering.scans_of(row.id),
        interpreter=interpreters.of(row),
    )


def _for_person(everybody: Sequence[ConsentSigner]) -> bool:
    """Whether the person itself is to sign, alone or with others, and has not yet."""
    return not everybody or any(one.role == signers.SELF and one.state == "vantar" for one in everybody)


def _other_title(row: Consent) -> str:
    return "" if row.kind == MAIN else texts.other_kinds(row.insats).get(row.kind, row.kind)


def _page(row: Consent, language: str) -> ConsentPage:
    # What is read and what is signed are one text, also when the plugin was upgraded since the question.
    if row.state == "fraga":
        signers.freeze(row)
    everybody = signers.of(row.id)
    read = texts.reading(row.insats, language, row.kind)
    again = row.participant_id is not None and row.state == "fraga"
    holds = state_for(row.participant_id, row.insats, kind=row.kind) if again and row.participant_id else None
    return ConsentPage(
        row=row,
        state=state_of(row).state,
        insats_name=current().forbund.insats_by_id(row.insats).name,
        read=read,
        valid_to=row.valid_to or texts.terms_of(row).last_day(today(), row.ends_by),
        text=row.text,
        again=again,
        holds_to=holds.valid_to if holds is not None and holds.state == "given" else None,
        ends_soon=_ends_soon(row),
        told=told_of(row.id) if row.state == "atertagen" else (),
        signers=everybody,
        interpreter=interpreters.of(row),
        receipt=row.method == "eid" or any(one.method == "eid" for one in everybody),
    )


def _ends_soon(row: Consent) -> bool:
    """Whether a yes that holds runs out within the time that its insats gives for asking again."""
    state = state_of(row)
    return (
        state.state == "given" and state.valid_to is not None and state.valid_to <= soon(row.insats, row.kind)
    )


def soon(insats: str, kind: str = MAIN) -> date:
    """The last day that counts as soon, when a samtycke of an insats runs out; today where it has no text."""
    try:
        return texts.text_of(insats, kind).duration.remind_before.after(today())
    except texts.ConsentFault:
        return today()
