"""Plans: written with the person by the plugin's form, in versions; the newest one holds."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy import current
from stegvis.ground.tenancy.scope import session
from stegvis.identity.access.policy import actor, require
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.forms import Form, from_json, to_json
from stegvis.insats.forms.answers import Answers
from stegvis.plugin_host.service import definition_of
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.forms import service as forms
from stegvis.vault.plans.models import Plan


@dataclass(frozen=True)
class PlanText:
    """One version in words: number, day, who wrote it, and pairs (question, answer)."""

    version: int
    agreed_on: date
    written_by: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PlanPage:
    """A person's plan: the version that holds, and the older ones, newest first.

    `writable` is false once the enrolment has ended, and where the insats has no form for a plan.
    """

    person: enrolments.Person
    word: str
    writable: bool
    holds: PlanText | None
    older: tuple[PlanText, ...]


@dataclass(frozen=True)
class WritePage:
    """The page where a new version is written, filled in with the one that holds."""

    person: enrolments.Person
    word: str
    version: int
    form: enrolments.FormPart
    errors: list[tuple[str, str]]


def agreed(enrolment_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[date, ...]]:
    """The days of all plan versions by enrolment, in order: one statement."""
    found: dict[uuid.UUID, tuple[date, ...]] = {}
    rows = session().execute(
        sa.select(Plan.enrolment_id, Plan.agreed_on)
        .where(Plan.enrolment_id.in_(set(enrolment_ids)))
        .order_by(Plan.version)
    )
    for enrolment_id, day in rows:
        found[enrolment_id] = (*found.get(enrolment_id, ()), day)
    return found


def page(enrolment_id: uuid.UUID) -> PlanPage:
    """A person's plan, for the team; one read event."""
    person = enrolments.header(enrolment_id, "plan")
    definition = definition_of(current().forbund.insats_by_id(person.insats))
    texts = [_text(definition, row) for row in _versions(enrolment_id)]
    writable = person.ended_on is None and not person.reason and bool(definition.forms_for("plan"))
    return PlanPage(person, _word(definition), writable, texts[0] if texts else None, tuple(texts[1:]))


def write_page(enrolment_id: uuid.UUID) -> WritePage:
    """The page for a new version, filled in with the answers that hold."""
    definition = enrolments.definition_for(enrolments.case(enrolment_id).insats)
    return _write_page(enrolment_id, definition, _form(definition), None)


def write_fields(enrolment_id: uuid.UUID, typed: Any) -> enrolments.FormPart:
    """The fields that the answers so far call for."""
    definition = enrolments.definition_for(enrolments.case(enrolment_id).insats)
    form = _form(definition)
    return enrolments.part(definition, form, forms.read(definition, form, typed), faults=False)


def write_typed(enrolment_id: uuid.UUID, typed: Any) -> int:
    """Write a new version by what was typed; returns its number. Raises enrolments.FormFaults."""
    row = enrolments.case(enrolment_id)
    definition = enrolments.definition_for(row.insats)
    form = _form(definition)
    parsed = forms.read(definition, form, typed, complete=True)
    if not parsed.ok:
        raise enrolments.FormFaults(_write_page(enrolment_id, definition, form, typed))
    return agree(enrolment_id, parsed.answers)


def agree(enrolment_id: uuid.UUID, answers: Answers, on: date | None = None) -> int:
    """Write a version that holds from a day (today unless said); returns its number.

    The same answers as the version that holds, from the same day, are the same version: a second click makes
    no second one. Raises EnrolmentFault when the enrolment has ended.
    """
    row = enrolments.case(enrolment_id, lock=True)
    if row.ended_on is not None:
        raise enrolments.EnrolmentFault(_("Insatsen är avslutad. Planen är inte ändrad."))
    form = _form(enrolments.definition_for(row.insats))
    day, stored = on or today(), to_json(answers)
    holds = next(iter(_versions(enrolment_id)), None)
    if holds is not None and (holds.agreed_on, holds.answers["answers"]) == (day, stored):
        return holds.version
    plan = Plan(
        enrolment_id=enrolment_id,
        version=holds.version + 1 if holds else 1,
        form_version=str(form.version),
        answers={"form": form.id, "version": form.version, "answers": stored},
        agreed_on=day,
        written_by=actor().account,
    )
    session().add(plan)
    session().flush()
    audit.record("skapa", "participant", row.participant_id, insats=row.insats, vad="plan")
    return plan.version


def for_participant(participant_id: uuid.UUID, language: str = "sv") -> list[tuple[str, PlanText]]:
    """The participant's own plans that hold: (name of the insats, plan), newest enrolment first.

    404 and one kept refusal unless the participant is the one whose account is logged in.
    """
    require(accounts.participant_of(actor().account) == participant_id, "participant", participant_id)
    found = []
    for row in enrolments.of_participant(participant_id):
        instance = current().forbund.insats_by_id(row.insats)
        holds = next(iter(_versions(row.id)), None)
        if holds is not None:
            found.append((instance.name, _text(definition_of(instance), holds, language)))
    return found


def _write_page(
    enrolment_id: uuid.UUID, definition: InsatsDefinition, form: Form, typed: Any | None
) -> WritePage:
    """With the answers that hold (`typed` None), or with what was typed and what is wrong with it."""
    versions = _versions(enrolment_id)
    failed = typed is not None
    if typed is None:
        typed = forms.typed_again(_answers(form, versions[0])) if versions else {}
    parsed = forms.read(definition, form, typed, complete=failed)
    shown = enrolments.part(definition, form, parsed, faults=failed)
    person = enrolments.header(enrolment_id, "plan_ny")
    errors = enrolments.part_errors(form, parsed) if failed else []
    return WritePage(person, _word(definition), len(versions) + 1, shown, errors)


def _form(definition: InsatsDefinition) -> Form:
    """The plugin's form for the plan; 404 where the insats has none."""
    found = definition.forms_for("plan")
    require(bool(found), "plan")
    return found[0]


def _word(definition: InsatsDefinition) -> str:
    """What the insats calls its plan."""
    return definition.manifest.words.get("plan", _("plan"))


def _versions(enrolment_id: uuid.UUID) -> list[Plan]:
    return list(
        session().scalars(
            sa.select(Plan).where(Plan.enrolment_id == enrolment_id).order_by(Plan.version.desc())
        )
    )


def _answers(form: Form, row: Plan) -> Mapping[str, Any]:
    return from_json(form, row.answers["answers"])


def _text(definition: InsatsDefinition, row: Plan, language: str = "sv") -> PlanText:
    form = definition.forms.get(row.answers["form"]) or _form(definition)
    pairs = forms.answered(definition, form, _answers(form, row), language)
    return PlanText(row.version, row.agreed_on, accounts.name_of(row.written_by), tuple(pairs))
