"""The pages with forms about an enrolment: what they show, and what becomes of what was typed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.web.fields import FormField, as_options, form_errors
from stegvis.identity.access.policy import actor
from stegvis.identity.audit import service as audit
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.forms import Form, ParsedForm
from stegvis.plugin_host.service import definition_of
from stegvis.vault.consent import service as consent
from stegvis.vault.enrolments import changes, queries
from stegvis.vault.enrolments.cases import case, definition_for, instance_of, readable, team_of
from stegvis.vault.enrolments.coded import baseline_from, exit_from, form_for
from stegvis.vault.enrolments.models import Activity
from stegvis.vault.enrolments.people import Person, header
from stegvis.vault.forms import service as forms
from stegvis.vault.participants import service as participants

# Names of the platform's own fields have a hyphen: a plugin's ids cannot, so the two never meet.
START, HANDLEDARE, END = "inskriven-den", "vald-handledare", "avslutad-den"
KIND, WHERE, FIRST_DAY = "aktivitet-slag", "aktivitet-var", "aktivitet-fran"
Errors = list[tuple[str, str]]


class FormFaults(Exception):
    """The form could not be taken: `page` is the same page again, with what was typed and what is wrong."""

    def __init__(self, page: Any) -> None:
        super().__init__("the form has faults")
        self.page = page


@dataclass(frozen=True)
class FormPart:
    """A plugin's form as a page shows it; `conditional` when fields come and go with the answers."""

    title: str
    intro: str
    sections: tuple[forms.ShownSection, ...]
    conditional: bool


@dataclass(frozen=True)
class EnrolPage:
    """The page that enrols the person of an accepted referral."""

    insats: str
    insats_name: str
    referral_id: uuid.UUID
    name: str
    consent: consent.ConsentState
    start: FormField
    handledare: FormField
    form: FormPart
    errors: Errors


@dataclass(frozen=True)
class ExitPage:
    """The page that ends an enrolment."""

    person: Person
    end: FormField
    form: FormPart
    errors: Errors


@dataclass(frozen=True)
class ActivityRow:
    """One activity in words."""

    id: uuid.UUID
    title: str
    where: str
    started_on: date
    ended_on: date | None


@dataclass(frozen=True)
class ActivitiesPage:
    """A person's activities, those that go on first, and the form for one more."""

    person: Person
    going_on: tuple[ActivityRow, ...]
    ended: tuple[ActivityRow, ...]
    fields: tuple[FormField, ...]
    errors: Errors


def part(definition: InsatsDefinition, form: Form, parsed: ParsedForm, *, faults: bool = True) -> FormPart:
    """A plugin's form with what was typed; without `faults` only the fields are wanted."""
    shown = parsed if faults else replace(parsed, errors={})
    return FormPart(
        form.title.sv,
        form.intro.sv if form.intro else "",
        forms.sections(definition, form, shown),
        any(item.visible_when is not None for item in form.field),
    )


def part_errors(form: Form, parsed: ParsedForm) -> Errors:
    """For the error summary: (id of the input, the question and what is wrong with its answer)."""
    labels = {item.id: item.label.sv for item in form.field}
    return [
        (
            f"{forms.PREFIX}{name}",
            f"{labels[name].rstrip('.:')}{'' if labels[name].endswith('?') else ':'} {sentence}",
        )
        for name, sentence in parsed.errors.items()
    ]


def enrol_page(insats: str, referral_id: uuid.UUID) -> EnrolPage:
    """The page before anything is sent."""
    definition = definition_for(insats)
    form = form_for(definition, "inskrivning")
    return _enrol_page(insats, referral_id, {}, form=form, parsed=forms.read(definition, form, {}))


def enrol_fields(insats: str, referral_id: uuid.UUID, typed: Any) -> FormPart:
    """The fields that the answers so far call for; tells nothing of the person, so it is no read."""
    changes.accepted_participant(insats, referral_id)
    return _fields(definition_for(insats), "inskrivning", typed)


def end_fields(enrolment_id: uuid.UUID, typed: Any) -> FormPart:
    """The fields of the avslut that the answers so far call for."""
    return _fields(definition_for(case(enrolment_id).insats), "avslut", typed)


def _fields(definition: InsatsDefinition, use: str, typed: Any) -> FormPart:
    form = form_for(definition, use)
    return part(definition, form, forms.read(definition, form, typed), faults=False)


def enrol_typed(insats: str, referral_id: uuid.UUID, typed: Any) -> uuid.UUID:
    """Enrol by what was typed; returns the enrolment's id. Raises FormFaults."""
    definition = definition_for(insats)
    form = form_for(definition, "inskrivning")
    parsed = forms.read(definition, form, typed, complete=True)
    start, faults = _day(typed, START)
    chosen = _uuid(typed.get(HANDLEDARE, ""))
    if chosen is None:
        faults[HANDLEDARE] = _("Välj vem som blir handledare.")
    if parsed.ok and not faults and chosen is not None:
        try:
            return changes.enrol(insats, referral_id, chosen, baseline_from(form, parsed.answers), start)
        except changes.EnrolmentFault as fault:
            faults[START] = str(fault)
    raise FormFaults(_enrol_page(insats, referral_id, typed, form=form, parsed=parsed, faults=faults))


def _enrol_page(
    insats: str,
    referral_id: uuid.UUID,
    typed: Mapping[str, Any],
    *,
    form: Form,
    parsed: ParsedForm,
    faults: Mapping[str, str] | None = None,
) -> EnrolPage:
    told, faults = faults is not None, faults or {}
    participant_id = changes.accepted_participant(insats, referral_id)
    instance = instance_of(insats)
    person = participants.get(participant_id)
    audit.record("las", "participant", participant_id, insats=insats, sida="inskrivning")
    team = team_of(insats)
    me = str(actor().account)
    own = me if any(str(account) == me for account, _name in team) else ""
    start = _date_field(START, _("Inskriven den"), typed, faults)
    handledare = FormField(
        id=HANDLEDARE,
        name=HANDLEDARE,
        label=_("Handledare"),
        value=typed.get(HANDLEDARE, own),
        error=faults.get(HANDLEDARE, ""),
        options=as_options([(str(account), name) for account, name in team], typed.get(HANDLEDARE, own)),
    )
    shown = part(definition_for(insats), form, parsed, faults=told)
    return EnrolPage(
        insats,
        instance.name,
        referral_id,
        person.name,
        consent.state_for(participant_id, insats),
        start,
        handledare,
        shown,
        (form_errors([start, handledare]) + part_errors(form, parsed)) if told else [],
    )


def end_page(enrolment_id: uuid.UUID) -> ExitPage:
    """The page before anything is sent."""
    definition = definition_for(case(enrolment_id).insats)
    form = form_for(definition, "avslut")
    return _exit_page(enrolment_id, definition, {}, form=form, parsed=forms.read(definition, form, {}))


def end_typed(enrolment_id: uuid.UUID, typed: Any) -> str:
    """End an enrolment by what was typed; returns the insats. Raises FormFaults."""
    row = case(enrolment_id)
    definition = definition_for(row.insats)
    form = form_for(definition, "avslut")
    parsed = forms.read(definition, form, typed, complete=True)
    day, faults = _day(typed, END)
    if parsed.ok and not faults:
        try:
            return changes.end(enrolment_id, exit_from(form, parsed.answers), day).insats
        except changes.EnrolmentFault as fault:
            faults[END] = str(fault)
    raise FormFaults(_exit_page(enrolment_id, definition, typed, form=form, parsed=parsed, faults=faults))


def _exit_page(
    enrolment_id: uuid.UUID,
    definition: InsatsDefinition,
    typed: Mapping[str, Any],
    *,
    form: Form,
    parsed: ParsedForm,
    faults: Mapping[str, str] | None = None,
) -> ExitPage:
    told, faults = faults is not None, faults or {}
    end = _date_field(END, _("Avslutad den"), typed, faults)
    shown = part(definition, form, parsed, faults=told)
    errors = (form_errors([end]) + part_errors(form, parsed)) if told else []
    return ExitPage(header(enrolment_id, "avslut"), end, shown, errors)


def activities_page(
    enrolment_id: uuid.UUID, typed: Mapping[str, Any] | None = None, faults: Mapping[str, str] | None = None
) -> ActivitiesPage:
    """A person's activities and the form for one more."""
    row, instance = readable(enrolment_id)
    labels = definition_of(instance).list_labels("aktivitet")
    typed, faults = typed or {}, faults or {}
    rows = [_activity_row(labels, one) for one in queries.activities_of([row.id])]
    kind = typed.get(KIND, "")
    fields = (
        FormField(KIND, KIND, _("Vad ska personen göra?"), value=kind, error=faults.get(KIND, ""),
                  options=as_options(labels.items(), kind)),
        FormField(WHERE, WHERE, _("Var?"), _("Till exempel arbetsplatsens namn."), typed.get(WHERE, ""),
                  faults.get(WHERE, ""), required=False, attrs={"maxlength": 200}),
        _date_field(FIRST_DAY, _("Börjar den"), typed, faults),
    )  # fmt: skip
    return ActivitiesPage(
        header(enrolment_id, "aktiviteter"),
        tuple(one for one in rows if one.ended_on is None),
        tuple(one for one in rows if one.ended_on is not None),
        fields,
        form_errors(fields),
    )


def start_activity_typed(enrolment_id: uuid.UUID, typed: Mapping[str, Any]) -> uuid.UUID:
    """Begin an activity by what was typed; returns its id. Raises FormFaults."""
    row = case(enrolment_id)
    day, faults = _day(typed, FIRST_DAY)
    if typed.get(KIND, "") not in definition_for(row.insats).lists()["aktivitet"]:
        faults[KIND] = _("Välj vad personen ska göra.")
    if len(typed.get(WHERE, "")) > 200:
        faults[WHERE] = _("Skriv högst 200 tecken.")
    if not faults:
        try:
            return changes.start_activity(enrolment_id, typed[KIND], typed.get(WHERE, ""), day)
        except changes.EnrolmentFault as fault:
            faults[FIRST_DAY] = str(fault)
    raise FormFaults(activities_page(enrolment_id, typed, faults))


def _activity_row(labels: Mapping[str, str], activity: Activity) -> ActivityRow:
    label = labels.get(activity.kind, activity.kind)
    return ActivityRow(activity.id, label, activity.where or "", activity.started_on, activity.ended_on)


def _date_field(name: str, label: str, typed: Mapping[str, Any], faults: Mapping[str, str]) -> FormField:
    value = typed.get(name, today().isoformat())
    return FormField(name, name, label, value=value, error=faults.get(name, ""))


def _day(typed: Mapping[str, Any], name: str) -> tuple[date, dict[str, str]]:
    """A typed day, or today with a fault."""
    try:
        return date.fromisoformat(typed.get(name, "")), {}
    except ValueError:
        return today(), {name: _("Skriv ett datum.")}


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
