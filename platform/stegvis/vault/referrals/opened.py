"""A referral as its pages show it: a row of a list, or whole with its form and the target group's findings."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy import InsatsInstance
from stegvis.ground.tenancy.scope import current
from stegvis.identity.access.decide import Action, Subject
from stegvis.identity.access.policy import ask, may, require, subject
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.forms import Form, ParsedForm, facts_from, from_json
from stegvis.insats.target_group import Finding, eligible, evaluate
from stegvis.plugin_host.service import definition_of
from stegvis.vault.forms import service as forms
from stegvis.vault.participants import service as participants
from stegvis.vault.referrals.models import Referral


@dataclass(frozen=True)
class Listed:
    """A referral in a list. `name` is empty where it is no more; without `open` the actor may not open it.

    `kept_to` is the last day for the person's answer, while it is waited for.
    """

    id: uuid.UUID
    insats: str
    insats_name: str
    name: str
    state: str
    since: date
    kept_to: date | None
    open: bool = True


@dataclass(frozen=True)
class Opened:
    """A referral with all that its page shows."""

    row: Referral
    instance: InsatsInstance
    definition: InsatsDefinition
    form: Form
    parsed: ParsedForm
    findings: tuple[Finding, ...]
    age: int | None

    @property
    def fits(self) -> bool | None:
        """Whether the target group's rules hold; None while answers are missing."""
        return eligible(self.findings, "referral")


def instance_of(insats: str) -> InsatsInstance:
    """An insats of the open förbund; 404 for any other."""
    try:
        return current().forbund.insats_by_id(insats)
    except KeyError:
        require(False, "insats")
        raise


def open_row(row: Referral) -> Opened:
    """A referral with its form, what has been typed and what the target group's rules say."""
    instance = instance_of(row.insats)
    definition = definition_of(instance)
    form = definition.forms_for("remiss")[0]
    stored: Mapping[str, Any] = row.answers or {}
    answers = from_json(form, stored.get("svar", {}))
    typed = {name: list(values) for name, values in stored.get("skrivet", {}).items()}
    parsed = forms.read(definition, form, typed or forms.typed_again(answers))
    age = participants.age_of_number(row.number, today()) if row.number else None
    facts = facts_from(form, parsed.answers) | {"alder": age}
    group = definition.target_group
    findings = evaluate(group, facts) if group is not None else ()
    return Opened(row, instance, definition, form, parsed, findings, age)


def subject_of(row: Referral | None) -> Subject | None:
    """A referral as the permission function knows it; None stays None."""
    if row is None:
        return None
    compartment = participants.compartment_of(row.participant_id)
    return subject(row.insats, person=row.participant_id, owner=row.author_id, compartment=compartment)


def ask_team(row: Referral | None, referral_id: uuid.UUID, states: Sequence[str]) -> None:
    """404 and one kept refusal unless the actor is in the team of a referral that is in one of the states."""
    there = row is not None and row.state in states
    ask(Action.WORK, subject_of(row) if there else None, "referral", referral_id)


def named_for_team(rows: Iterable[Referral]) -> list[tuple[Referral, str, bool, bool]]:
    """Rows with the name that the team reads in a list; whether the actor may open the person; whether the
    person has protected data.
    """
    rows = list(rows)
    people = participants.many(row.participant_id for row in rows if row.participant_id is not None)
    found = []
    for row in rows:
        person = people.get(row.participant_id) if row.participant_id is not None else None
        compartment = participants.compartment(person)
        about = subject(row.insats, person=row.participant_id, compartment=compartment)
        open_to_me = may(Action.WORK, about)
        name = f"{row.given_name} {row.family_name}" if open_to_me else _("Skyddade personuppgifter")
        found.append((row, name, open_to_me, bool(compartment)))
    return found


def list_row(row: Referral, name: str | None = None, open_to_me: bool = True) -> Listed:
    """A referral as a row of a list; `name` is given where it is not the one that the author wrote."""
    if name is None:
        name = f"{row.given_name} {row.family_name}" if row.given_name_sealed else ""
    since = row.decided_on or row.opened_on or row.sent_on or row.created_on
    kept_to = None
    if row.state == "vantar_samtycke" and row.sent_on is not None:
        kept_to = row.sent_on + timedelta(days=current().huvudman.draft_days)
    found = instance_of(row.insats).name
    return Listed(row.id, row.insats, found, name, row.state, since, kept_to, open_to_me)
