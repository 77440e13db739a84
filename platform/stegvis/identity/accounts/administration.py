"""Who is let in here and who is taken out: the account pages of a vault's administrator and of a förbund's chief.

Each function asks the permission function first and leaves one event for each change. Participants' accounts
are none of it: who is a participant is not told here. A förbund's scope is never open at the same time as a
vault's: whether a person also has an account there is asked afterwards, and kept nowhere.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy import ScopeId
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, scope, session
from stegvis.identity.access import policy
from stegvis.identity.access.decide import Action
from stegvis.identity.access.rights import VAULT_ADMIN, WHOLE_VAULT
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts.kinds import KEEPER, KINDS, RIGHTS_OF_KIND
from stegvis.identity.audit import service as audit

LONGEST = 200
SOON = timedelta(days=14)


class AccountFault(Exception):
    """What was asked cannot be done; the message is a Swedish sentence."""


@dataclass(frozen=True)
class Held:
    """A right that an account has; `insats` is "" for the whole scope."""

    right: str
    insats: str


@dataclass(frozen=True)
class AccountView:
    """An account as its pages show it: `name` as others see it, `real_name` for its own page alone.

    `at_forbund` is filled in by `with_marks`, outside the vault's scope.
    """

    id: uuid.UUID
    kind: str
    name: str
    real_name: str
    display_name: str
    email: str
    organisation: str
    number: str
    org: str
    rights: tuple[Held, ...]
    since: date
    ends_on: date | None
    renewed_on: date | None
    contact: str
    ended: bool
    mine: bool
    today: date
    at_forbund: bool = False

    @property
    def ends_soon(self) -> bool:
        """Whether it ends by itself within two weeks."""
        return self.ends_on is not None and not self.ended and self.ends_on <= self.today + SOON

    @property
    def other_authority(self) -> bool:
        """Whether it ends by itself unless renewed."""
        return self.kind in accounts.OTHER_AUTHORITIES


@dataclass(frozen=True)
class InvitationView:
    """An invitation that nobody has used yet."""

    id: uuid.UUID
    name: str
    kind: str
    until: date


@dataclass(frozen=True)
class AccountsPage:
    """All accounts but participants': living ones with those that end soon first, ended ones, invitations."""

    living: tuple[AccountView, ...]
    ended: tuple[AccountView, ...]
    invited: tuple[InvitationView, ...]


@dataclass(frozen=True)
class Invited:
    """What an invitation says: whom (by number or by an organisation's identity), as what, with which rights."""

    number: str
    name: str
    kind: str
    rights: tuple[str, ...]
    insats: str = ""
    organisation: str = ""
    org: str = ""
    email: str = ""
    display_name: str = ""


def overview() -> AccountsPage:
    """Everybody with an account here, and who is invited; one event says that the list was read."""
    _ask()
    account, right, invitation = accounts.models_here()
    held: dict[uuid.UUID, list[Held]] = {}
    for row in session().scalars(sa.select(right).order_by(right.right, right.insats)):
        held.setdefault(row.account_id, []).append(Held(row.right, row.insats))
    rows = session().scalars(sa.select(account).where(account.kind != "deltagare"))
    views = [_view(row, held.get(row.id, [])) for row in rows]
    waiting = session().scalars(
        sa.select(invitation).where(invitation.used_at.is_(None), invitation.ends_at > now())
    )
    invited = [InvitationView(one.id, one.shown_name, one.kind, one.ends_at.date()) for one in waiting]
    audit.record("lista", "account", antal=len(views))
    return AccountsPage(
        tuple(
            sorted((one for one in views if not one.ended), key=lambda one: (not one.ends_soon, _order(one)))
        ),
        tuple(sorted((one for one in views if one.ended), key=_order)),
        tuple(sorted(invited, key=_order)),
    )


def one(account_id: uuid.UUID) -> AccountView:
    """One account with its rights, and one event; 404 for a participant's and for one that is not here."""
    row = _row(account_id)
    audit.record("las", "account", row.id)
    right = accounts.models_here()[1]
    held = session().scalars(
        sa.select(right).where(right.account_id == row.id).order_by(right.right, right.insats)
    )
    return _view(row, [Held(each.right, each.insats) for each in held])


def with_marks(forbund: ScopeId, found: Sequence[AccountView]) -> tuple[AccountView, ...]:
    """The same accounts, marked where the person also has one at the förbund.

    Opens the förbund's scope, so the vault's must be closed. Its own key makes the hashes; nothing is kept.
    """
    with scope(forbund):
        there = accounts.with_account(who for each in found if (who := each.number or each.org))
    return tuple(replace(each, at_forbund=(each.number or each.org) in there) for each in found)


def invite(invited: Invited) -> str:
    """Invite one person; returns the token, which is shown once. An earlier invitation of hers ends.

    Raises AccountFault for a right that the kind cannot have and for an insats that is not here.
    """
    _ask()
    if invited.kind not in KINDS[current().id.level]:
        raise AccountFault(_("Välj vad för slags konto det ska vara."))
    for right in invited.rights:
        _check_right(invited.kind, right, _insats_of(right, invited.insats))
    accounts.end_invitations(number=invited.number, org=invited.org, kind=invited.kind)
    return accounts.invite(
        invited.number,
        invited.name[:LONGEST],
        invited.kind,
        invited.rights,
        insats=invited.insats,
        organisation=invited.organisation[:LONGEST],
        org=invited.org,
        email=invited.email,
        display_name=invited.display_name[:LONGEST],
    )


def invite_first(number: str, name: str) -> str:
    """The operator's invitation of the person whom the överenskommelse names; returns the token.

    In a vault only while nobody there lets people in: raises AccountFault otherwise. One at a time is open.
    """
    level = current().id.level
    # In turn with an invitation that is being accepted, and with another operator.
    audit.lock_chain()
    if level == "huvudman" and accounts.living_with(VAULT_ADMIN):
        raise AccountFault(
            _(
                "%(scope)s har redan någon som ansvarar för konton, och bara den kan bjuda in fler. Inget är ändrat.",
                scope=current().id,
            )
        )
    accounts.end_invitations(right=KEEPER[level])
    kind = "personal" if level == "huvudman" else "kansli"
    return accounts.invite(number, name, kind, (KEEPER[level],))


def take_back_invitation(invitation_id: uuid.UUID) -> None:
    """An invitation that nobody has used ends at once."""
    _ask()
    row = session().get(accounts.models_here()[2], invitation_id)
    policy.require(row is not None and row.used_at is None, "invitation", invitation_id)
    accounts.end_invitations(invitation_id=invitation_id)


def give(account_id: uuid.UUID, right: str, insats: str) -> None:
    """Give a right, for an insats or ("") for all. Raises AccountFault."""
    row = _living(account_id)
    insats = _insats_of(right, insats)
    _check_right(row.kind, right, insats)
    accounts.give_right(row.id, right, insats)


def take(account_id: uuid.UUID, right: str, insats: str) -> None:
    """Take a right; it is gone at the person's next request. Raises AccountFault for the last keeper's."""
    row = _living(account_id)
    if right == KEEPER[current().id.level]:
        _refuse_the_last(row.id)
    accounts.take_right(row.id, right, insats)


def end(account_id: uuid.UUID) -> None:
    """End an account: its sessions stop at their next request. Raises AccountFault for the last keeper's."""
    row = _row(account_id)
    if row.closed_at is None:
        _refuse_the_last(row.id)
        accounts.close_account(row.id)


def renew(account_id: uuid.UUID, contact: str) -> date:
    """Another authority's account lives for 90 days from today; `contact` there has said so. Its new last day.

    Raises AccountFault without a name, and for an account that does not end by itself.
    """
    row = _living(account_id)
    contact = " ".join(contact.split())[:LONGEST]
    if row.kind not in accounts.OTHER_AUTHORITIES:
        raise AccountFault(_("Kontot slutar inte av sig självt, så det behöver inte förnyas."))
    if len(contact) < 3:
        raise AccountFault(_("Skriv vem på myndigheten som har sagt att kontot behövs. Inget är ändrat."))
    row.ends_on = today() + timedelta(days=accounts.OTHER_AUTHORITY_DAYS)
    row.renewed_on, row.contact = today(), contact
    audit.record("fornya_konto", "account", row.id, till=row.ends_on.isoformat())
    last: date = row.ends_on
    return last


def change_details(account_id: uuid.UUID, email: str, display_name: str) -> None:
    """What the person's address is, and under which name others see her ("" the real one). Raises AccountFault."""
    row = _living(account_id)
    row.email, row.display_name = email or None, " ".join(display_name.split())[:LONGEST] or None
    audit.record("andra", "account", row.id)


def free_rights(found: AccountView) -> tuple[str, ...]:
    """The rights that can still be given to an account: those of its kind that it has not for everything."""
    held = {each.right for each in found.rights if not each.insats}
    return tuple(right for right in RIGHTS_OF_KIND.get(found.kind, ()) if right not in held)


def whole_only(right: str) -> bool:
    """Whether a right always holds for the whole scope, never for one insats."""
    return right in WHOLE_VAULT or current().id.level == "forbund"


def insatser_here() -> Mapping[str, str]:
    """The insatser of this huvudman: id and name; none at a förbund."""
    opened = current()
    if opened.id.huvudman is None:
        return {}
    return {each.id: each.name for each in opened.forbund.insatser_of(opened.id.huvudman)}


# -- inside --------------------------------------------------------------------------------------


def _order(one: AccountView | InvitationView) -> str:
    """By name, with å, ä and ö last."""
    return one.name.casefold().translate(str.maketrans("åäö", "{|}"))


def _ask(account_id: uuid.UUID | None = None) -> None:
    here = current().id.level == "huvudman"
    policy.ask(Action.ACCOUNTS if here else Action.FORBUND_ACCOUNTS, policy.subject(), "account", account_id)


def _row(account_id: uuid.UUID) -> accounts.AnyAccount:
    _ask(account_id)
    row = session().get(accounts.models_here()[0], account_id)
    policy.require(row is not None and row.kind != "deltagare", "account", account_id)
    return row


def _living(account_id: uuid.UUID) -> accounts.AnyAccount:
    row = _row(account_id)
    if _is_over(row):
        raise AccountFault(_("Kontot är avslutat. Bjud in personen igen om det behövs."))
    return row


def _is_over(row: accounts.AnyAccount) -> bool:
    return row.closed_at is not None or (row.ends_on is not None and row.ends_on < today())


def _refuse_the_last(account_id: uuid.UUID) -> None:
    # In turn with whoever ends the other one at the same moment.
    audit.lock_chain()
    keepers = accounts.living_with(KEEPER[current().id.level])
    if keepers == {account_id}:
        raise AccountFault(
            _("Det är den sista som kan släppa in andra. Ge någon annan den rätten först. Inget är ändrat.")
        )


def _insats_of(right: str, insats: str) -> str:
    return "" if whole_only(right) else insats


def _check_right(kind: str, right: str, insats: str) -> None:
    # No form offers such a right or insats: somebody wrote it by hand.
    if right not in RIGHTS_OF_KIND.get(kind, ()):
        audit.record_refusal("annan_ratt", "account")
        raise AccountFault(_("Den rätten kan inte ges till ett sådant konto. Inget är ändrat."))
    if insats and insats not in insatser_here():
        audit.record_refusal("annan_insats", "insats")
        raise AccountFault(_("Den insatsen finns inte här. Inget är ändrat."))


def _view(row: accounts.AnyAccount, held: Sequence[Held]) -> AccountView:
    return AccountView(
        row.id,
        row.kind,
        row.shown_name,
        row.name,
        row.display_name or "",
        row.email or "",
        row.organisation,
        row.number or "",
        row.org or "",
        tuple(held),
        row.created_at.date(),
        row.ends_on,
        row.renewed_on,
        row.contact or "",
        _is_over(row),
        row.id == policy.actor().account,
        today(),
    )
