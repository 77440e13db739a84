"""Agreements as their pages show them: rows opened, sorted by party, with how each signer stands."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from stegvis.forbund.agreements import files
from stegvis.forbund.agreements.models import (
    Agreement,
    AgreementFile,
    AgreementParty,
    AgreementReminder,
    AgreementSignature,
    AgreementSigner,
)
from stegvis.forbund.agreements.rules import Case, Signer
from stegvis.forbund.agreements.texts import SignerWords
from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import current, session


@dataclass(frozen=True)
class SignerView:
    """One signer. `state`: draft, waiting, signed, not_needed, stopped. `sent` and `reminded` are the newest days.

    `way` and `signed_at` are of the signature that counts; `tries` how many did not hold.
    """

    id: uuid.UUID
    name: str = field(repr=False)
    title: str
    number: str = field(repr=False)
    ground: str
    note: str
    state: str
    way: str
    signed_at: datetime | None
    sent: date | None
    reminded: date | None
    tries: int
    has_scan: bool


@dataclass(frozen=True)
class PartyView:
    """A party with its signers: `asked` of them must sign, `left` are still lacking."""

    id: uuid.UUID
    name: str
    needed: int
    asked: int
    left: int
    signers: tuple[SignerView, ...]


@dataclass(frozen=True)
class AgreementView:
    """An agreement whole."""

    row: Agreement
    title: str
    insats_name: str
    document: AgreementFile | None
    finished: AgreementFile | None
    parties: tuple[PartyView, ...]
    case: Case
    overdue: bool

    @property
    def signers(self) -> tuple[SignerView, ...]:
        """Everybody who signs, party by party."""
        return tuple(one for party in self.parties for one in party.signers)

    @property
    def counts(self) -> tuple[int, int]:
        """How many of the signatures that are needed have been made, and how many are needed."""
        asked = sum(party.asked for party in self.parties)
        return asked - sum(party.left for party in self.parties), asked


@dataclass(frozen=True)
class Listed:
    """An agreement in the list."""

    row: Agreement
    title: str
    insats_name: str
    signed: int
    asked: int
    overdue: bool
    reminded: date | None


@dataclass(frozen=True)
class _Rows:
    """What lies beside an agreement in the tables."""

    parties: tuple[AgreementParty, ...]
    signers: tuple[AgreementSigner, ...]
    signatures: tuple[Any, ...]


def case_of(row: Agreement) -> Case:
    """An agreement as the rules see it."""
    return _case(row, _rows([row.id])[row.id])


def view_of(row: Agreement) -> AgreementView:
    """An agreement as its page shows it."""
    beside = _rows([row.id])[row.id]
    case = _case(row, beside)
    told = list(
        session().scalars(sa.select(AgreementReminder).where(AgreementReminder.agreement_id == row.id))
    )
    scans = set(
        session().scalars(
            sa.select(AgreementFile.signer_id).where(
                AgreementFile.agreement_id == row.id,
                AgreementFile.version == row.version,
                AgreementFile.kind == "skannat",
            )
        )
    )
    can_sign = {one.id for one in case.may_sign}
    parties = []
    for party in beside.parties:
        own = [one for one in beside.signers if one.party_id == party.id]
        shown = tuple(
            _signer(one, row, [mark for mark in beside.signatures if mark.signer_id == one.id], told,
                    can_sign=one.id in can_sign, has_scan=one.id in scans)
            for one in own
        )  # fmt: skip
        if own:
            parties.append(
                PartyView(
                    party.id, party.name, party.needed, case.asked_of(party.id), case.left_of(party.id), shown
                )
            )
    return AgreementView(
        row=row,
        title=row.title,
        insats_name=insats_name(row.insats),
        document=files.find(row.id, row.version, "dokument"),
        finished=files.find(row.id, row.version, "fardig"),
        parties=tuple(parties),
        case=case,
        overdue=_overdue(row),
    )


def listed() -> list[Listed]:
    """Every agreement: those that wait first, by due day, then drafts, then what is over, newest first."""
    rows = list(session().scalars(sa.select(Agreement).order_by(Agreement.created_at.desc())))
    beside = _rows([row.id for row in rows])
    reminded: dict[uuid.UUID, date] = {
        one.agreement_id: one.newest
        for one in session().execute(
            sa.select(AgreementReminder.agreement_id, sa.func.max(AgreementReminder.on_date).label("newest"))
            .where(AgreementReminder.kind == "paminnelse")
            .group_by(AgreementReminder.agreement_id)
        )
    }
    found = []
    for row in rows:
        case = _case(row, beside[row.id])
        asked = sum(case.asked_of(party) for party in case.parties)
        left = sum(case.left_of(party) for party in case.parties)
        found.append(
            Listed(
                row, row.title, insats_name(row.insats), asked - left, asked, _overdue(row),
                reminded.get(row.id),
            )
        )  # fmt: skip
    order = {"collecting": 0, "draft": 1, "complete": 2, "void": 3}
    return sorted(found, key=lambda one: (order[one.row.state], one.row.due_on or date.max))


def words_of(signer: AgreementSigner, party: AgreementParty) -> SignerWords:
    """A signer in clear."""
    return SignerWords(signer.name, signer.title, party.name, signer.ground, signer.ground_note or "")


def party_names(agreement_id: uuid.UUID) -> tuple[str, ...]:
    """The names of the parties that have signers, in order."""
    beside = _rows([agreement_id])[agreement_id]
    with_signers = {one.party_id for one in beside.signers}
    return tuple(one.name for one in beside.parties if one.id in with_signers)


def insats_name(insats: str) -> str:
    """The name of an insats, or its id when it is no longer in the förbund's file."""
    return next((one.name for one in current().forbund.insats if one.id == insats), insats)


# -- inside --------------------------------------------------------------------------------------


def _overdue(row: Agreement) -> bool:
    return row.state == "collecting" and row.due_on is not None and row.due_on < today()


def _rows(ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, _Rows]:
    """Parties, signers who have not been taken out, and signatures without their records: three statements."""
    wanted = list(ids)
    parties = session().scalars(
        sa.select(AgreementParty)
        .where(AgreementParty.agreement_id.in_(wanted))
        .order_by(AgreementParty.position)
    )
    signers = session().scalars(
        sa.select(AgreementSigner)
        .where(AgreementSigner.agreement_id.in_(wanted), AgreementSigner.removed_at.is_(None))
        .order_by(AgreementSigner.position)
    )
    marks = session().execute(
        sa.select(
            AgreementSignature.agreement_id,
            AgreementSignature.signer_id,
            AgreementSignature.version,
            AgreementSignature.way,
            AgreementSignature.verdict,
            AgreementSignature.signed_at,
        )
        .where(AgreementSignature.agreement_id.in_(wanted))
        .order_by(AgreementSignature.seq)
    )
    sorted_out: list[dict[uuid.UUID, list[Any]]] = []
    for found in (parties, signers, marks):
        of: dict[uuid.UUID, list[Any]] = {}
        for one in found:
            of.setdefault(one.agreement_id, []).append(one)
        sorted_out.append(of)
    return {one: _Rows(*(tuple(of.get(one, ())) for of in sorted_out)) for one in wanted}


def _case(row: Agreement, beside: _Rows) -> Case:
    state: Any = row.state
    return Case(
        state=state,
        version=row.version,
        signers=tuple(Signer(one.id, one.party_id, one.number) for one in beside.signers),
        needed={one.id: one.needed for one in beside.parties},
        signed=frozenset(
            (one.signer_id, one.version) for one in beside.signatures if one.verdict == "giltig"
        ),
    )


def _signer(
    one: AgreementSigner,
    row: Agreement,
    marks: list[Any],
    told: list[AgreementReminder],
    *,
    can_sign: bool,
    has_scan: bool,
) -> SignerView:
    now_valid = [mark for mark in marks if mark.verdict == "giltig" and mark.version == row.version]
    state = "signed" if now_valid else "waiting" if can_sign else "draft"
    if not now_valid and not can_sign and row.state != "draft":
        state = "stopped" if row.state == "void" else "not_needed"
    days = {
        kind: max(
            (each.on_date for each in told if each.signer_id == one.id and each.kind == kind), default=None
        )
        for kind in ("lank", "paminnelse")
    }
    return SignerView(
        id=one.id,
        name=one.name,
        title=one.title,
        number=one.number or "",
        ground=one.ground,
        note=one.ground_note or "",
        state=state,
        way=now_valid[0].way if now_valid else "",
        signed_at=now_valid[0].signed_at if now_valid else None,
        sent=days["lank"],
        reminded=days["paminnelse"],
        tries=sum(mark.verdict == "ogiltig" for mark in marks),
        has_scan=has_scan,
    )
