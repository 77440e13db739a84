"""Accounts of the open scope: who is it, what may they; inviting, giving and ending rights."""

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.access.rights import FORBUND_RIGHTS, VAULT_RIGHTS, WHOLE_VAULT, Actor
from stegvis.identity.accounts.models import (
    ForbundAccount,
    ForbundInvitation,
    ForbundRight,
    VaultAccount,
    VaultInvitation,
    VaultRight,
)
from stegvis.identity.audit import service as audit

INVITATION_DAYS = 14
OTHER_AUTHORITY_DAYS = 90
OTHER_AUTHORITIES = ("remittent", "motesdeltagare", "utvarderare")
AnyAccount = Any  # a row of VaultAccount or ForbundAccount, by the open scope's level
_ROWS: dict[str, tuple[Any, Any, Any]] = {
    "forbund": (ForbundAccount, ForbundRight, ForbundInvitation),
    "huvudman": (VaultAccount, VaultRight, VaultInvitation),
}


class InvitationRefused(Exception):
    """The invitation is used, too old, unknown or another person's; the message is a Swedish sentence."""


def models_here() -> tuple[Any, Any, Any]:
    """The models of the open scope's level: account, right, invitation."""
    return _ROWS[current().id.level]


def _alive(account: Any, day: date) -> Any:
    return sa.and_(account.closed_at.is_(None), sa.or_(account.ends_on.is_(None), account.ends_on >= day))


def actor_of(account_id: uuid.UUID) -> Actor | None:
    """The account with its rights as they are now, or None when it has ended. One statement."""
    account, right, _ = models_here()
    found = (
        session()
        .execute(
            sa.select(account, right.right, right.insats)
            .outerjoin(right, right.account_id == account.id)
            .where(account.id == account_id, _alive(account, today()))
        )
        .all()
    )
    if not found:
        return None
    row = found[0][0]
    held = frozenset((one, insats) for _row, one, insats in found if one is not None)
    return Actor(row.id, row.kind, row.shown_name, row.organisation, held, str(current().id))


def accounts_of_number(number: str, org: str = "") -> list[tuple[uuid.UUID, str, str]]:
    """The living accounts of a personal number, or of an organisation's identity: (id, kind, organisation)."""
    account, _, _ = models_here()
    found = session().execute(
        sa.select(account.id, account.kind, account.organisation)
        .where(_is_of(account, number, org), _alive(account, today()))
        .order_by(account.kind)
    )
    return [tuple(row) for row in found]


def with_account(people: Iterable[str]) -> set[str]:
    """Those of some numbers and organisation identities that have a living account here: one statement."""
    account, _, _ = models_here()
    of_hash = {one: text for text in people for one in current().keys.search_hashes(text)}
    found = session().execute(
        sa.select(account.number_hash, account.org_hash).where(
            sa.or_(account.number_hash.in_(of_hash), account.org_hash.in_(of_hash)), _alive(account, today())
        )
    )
    return {of_hash[one] for row in found for one in row if one in of_hash}


def open_account(
    number: str,
    name: str,
    kind: str,
    *,
    organisation: str = "",
    rights: tuple[str, ...] = (),
    insats: str = "",
    ends_on: date | None = None,
    org: str = "",
    email: str = "",
    display_name: str = "",
) -> uuid.UUID:
    """Open an account, or return the one of the same person and kind with the rights added.

    The person is told by number, or ("" as number) by the organisation's identity `org`. One that had ended
    lives again with these rights alone: what it could do before is not given back.
    """
    account, _, _ = models_here()
    row = _of_person(account, number, org, kind)
    if row is None:
        # One at a time, and the keys read again: while they are changed, the hash of another version would not
        # be in the way of a second row.
        audit.lock_chain()
        row = _of_person(account, number, org, kind)
    if row is None:
        row = account(
            **_identity(number, org),
            name=name,
            email=email or None,
            display_name=display_name or None,
            kind=kind,
            organisation=organisation,
            ends_on=ends_on,
        )
        session().add(row)
        session().flush()
        audit.record("oppna_konto", "account", row.id, slag=kind)
    else:
        if row.closed_at is not None or (row.ends_on is not None and row.ends_on < today()):
            _take_all_rights(row.id)
        row.closed_at, row.ends_on, row.renewed_on, row.contact = None, ends_on, None, None
        row.email, row.display_name = email or row.email, display_name or row.display_name
    for right in rights:
        give_right(row.id, right, insats)
    found: uuid.UUID = row.id
    return found


def _of_person(account: Any, number: str, org: str, kind: str) -> Any:
    return session().scalar(sa.select(account).where(_is_of(account, number, org), account.kind == kind))


def _is_of(row: Any, number: str, org: str) -> Any:
    """Whether a row is the person's, by number or else by the organisation's identity; nobody has neither."""
    hashes = current().keys.search_hashes(number or org) if number or org else []
    return (row.number_hash if number or not org else row.org_hash).in_(hashes)


def _identity(number: str, org: str) -> dict[str, Any]:
    """Who a new row is: one of the two with its keyed hash. Raises ValueError for none or both."""
    if bool(number) == bool(org):
        raise ValueError("an account is found by a number or by an organisation's identity, one of them")
    hashed = current().keys.search_hash(number or org)
    return {"number": number, "number_hash": hashed} if number else {"org": org, "org_hash": hashed}


def give_right(account_id: uuid.UUID, right: str, insats: str = "") -> None:
    """Give a right; one that is held already stays. Raises ValueError for a right of the other level."""
    known = FORBUND_RIGHTS if current().id.level == "forbund" else VAULT_RIGHTS
    if right not in known:
        raise ValueError(f"{right} is no right here")
    if right in WHOLE_VAULT or current().id.level == "forbund":
        insats = ""
    _, row, _ = models_here()
    held = session().get(row, (account_id, right, insats))
    if held is None:
        session().add(row(account_id=account_id, right=right, insats=insats, given_at=now()))
        session().flush()
        audit.record("ge_ratt", "account", account_id, insats=insats, ratt=right)


def take_right(account_id: uuid.UUID, right: str, insats: str = "") -> None:
    """Take a right away; it is gone at the account's next request. One that is not held changes nothing."""
    row = session().get(models_here()[1], (account_id, right, insats))
    if row is not None:
        session().delete(row)
        session().flush()
        audit.record("ta_ratt", "account", account_id, insats=insats, ratt=right)


def _take_all_rights(account_id: uuid.UUID) -> None:
    _, right, _ = models_here()
    session().execute(sa.delete(right).where(right.account_id == account_id))
    audit.record("ta_ratter", "account", account_id)


def close_account(account_id: uuid.UUID) -> None:
    """End an account at once: its sessions stop at their next request."""
    account, _, _ = models_here()
    row = session().get(account, account_id)
    if row is not None and row.closed_at is None:
        row.closed_at = now()
        audit.record("stang_konto", "account", account_id)


def erase_account(account_id: uuid.UUID) -> None:
    """End an account and forget whose it was: neither name nor number is left, only that it was here."""
    account, _, _ = models_here()
    row = session().get(account, account_id)
    if row is not None:
        close_account(account_id)
        row.name, row.number, row.contact = "", None, None
        row.org, row.org_hash, row.email, row.display_name = None, None, None, None
        row.number_hash = secrets.token_bytes(hashlib.sha256().digest_size)


def invite(
    number: str,
    name: str,
    kind: str,
    rights: tuple[str, ...],
    *,
    insats: str = "",
    organisation: str = "",
    org: str = "",
    email: str = "",
    display_name: str = "",
) -> str:
    """Make a single-use invitation for one person; returns the token that goes into the address."""
    _, _, invitation = models_here()
    token = secrets.token_urlsafe(24)
    row = invitation(
        token_hash=hashlib.sha256(token.encode()).digest(),
        kind=kind,
        rights=list(rights),
        insats=insats,
        **_identity(number, org),
        name=name,
        email=email or None,
        display_name=display_name or None,
        organisation=organisation,
        ends_at=now() + timedelta(days=INVITATION_DAYS),
    )
    session().add(row)
    session().flush()
    audit.record("bjud_in", "invitation", row.id, insats=insats, slag=kind)
    return token


def end_invitations(
    *,
    number: str = "",
    org: str = "",
    kind: str = "",
    right: str = "",
    invitation_id: uuid.UUID | None = None,
) -> None:
    """End the unused invitations of a person and kind, with a right, or with an id: their links open nothing."""
    invitation = models_here()[2]
    hashes = current().keys.search_hashes(number or org) if number or org else []
    waiting = session().scalars(
        sa.select(invitation).where(invitation.used_at.is_(None), invitation.ends_at > now())
    )
    for row in waiting:
        same = (row.number_hash if number else row.org_hash) in hashes and row.kind == kind
        if same or row.id == invitation_id or (right and right in row.rights):
            row.ends_at = now()
            audit.record("ta_tillbaka_inbjudan", "invitation", row.id)
    session().flush()


def accept_invitation(token: str, number: str, org: str = "") -> uuid.UUID:
    """Open the account that an invitation promises, for the person whose e-ID gave `number`, or `org`.

    Raises InvitationRefused.
    """
    invitation = models_here()[2]
    digest = hashlib.sha256(token.encode()).digest()
    row = session().scalar(sa.select(invitation).where(invitation.token_hash == digest).with_for_update())
    if row is None or row.used_at is not None or row.ends_at < now():
        audit.record_refusal("inbjudan", "invitation", row.id if row is not None else None)
        raise InvitationRefused(_("Inbjudan gäller inte längre. Be den som bjöd in dig om en ny."))
    wanted = row.number_hash if number else row.org_hash
    if not (number or org) or wanted not in current().keys.search_hashes(number or org):
        audit.record_refusal("annan_person", "invitation", row.id)
        raise InvitationRefused(_("Inbjudan är skriven till någon annan än den som legitimerade sig."))
    row.used_at = now()
    audit.record("anta_inbjudan", "invitation", row.id, insats=row.insats)
    other = row.kind in OTHER_AUTHORITIES
    ends_on = today() + timedelta(days=OTHER_AUTHORITY_DAYS) if other else None
    return open_account(
        number,
        row.name,
        row.kind,
        organisation=row.organisation,
        rights=tuple(row.rights),
        insats=row.insats,
        ends_on=ends_on,
        org="" if number else org,
        email=row.email or "",
        display_name=row.display_name or "",
    )


def living_with(right: str) -> set[uuid.UUID]:
    """The living accounts of the open scope that have a right, in any insats."""
    account, held, _ = models_here()
    return set(
        session().scalars(
            sa.select(account.id)
            .join(held, held.account_id == account.id)
            .where(held.right == right, _alive(account, today()))
        )
    )


def account_row(account_id: uuid.UUID) -> AnyAccount | None:
    """One account of the open scope as it is stored, or None."""
    return session().get(models_here()[0], account_id)


def name_of(account_id: uuid.UUID | None) -> str:
    """The shown name of an account, or an empty string."""
    if account_id is None:
        return ""
    row = account_row(account_id)
    return row.shown_name if row is not None else ""


def team(insats: str, *rights: str) -> list[tuple[uuid.UUID, str]]:
    """The living accounts that have one of the rights in an insats: (id, name), sorted by name."""
    account, right, _ = models_here()
    rows = session().scalars(
        sa.select(account)
        .join(right, right.account_id == account.id)
        .where(right.right.in_(rights), right.insats.in_((insats, "")), _alive(account, today()))
        .distinct()
    )
    return sorted(((row.id, row.shown_name) for row in rows), key=lambda pair: pair[1].casefold())


def _hashes_of(row: Any) -> list[bytes]:
    """One hash a version of the key: another row of the person may have been moved before this one."""
    return current().keys.search_hashes(row.number) if row.number else [row.number_hash]


def join_participant(number: str, participant_id: uuid.UUID) -> None:
    """Tie the participant's account, if there is one, to the participant that the samtycke made."""
    hashes = current().keys.search_hashes(number)
    row = session().scalar(
        sa.select(VaultAccount).where(VaultAccount.number_hash.in_(hashes), VaultAccount.kind == "deltagare")
    )
    if row is not None:
        row.participant_id = participant_id


def participant_of(account_id: uuid.UUID) -> uuid.UUID | None:
    """The participant behind an account of kind deltagare, once a samtycke has made one."""
    row = session().get(VaultAccount, account_id)
    return row.participant_id if row is not None else None


def loose_participants() -> list[tuple[uuid.UUID, list[bytes]]]:
    """Living accounts of kind deltagare that no participant stands behind yet: (id, keyed hashes)."""
    rows = session().scalars(
        sa.select(VaultAccount).where(
            VaultAccount.kind == "deltagare",
            VaultAccount.participant_id.is_(None),
            VaultAccount.closed_at.is_(None),
        )
    )
    return [(row.id, _hashes_of(row)) for row in rows]
