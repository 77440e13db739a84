"""What changes an enrolment: enrolling, ending, activities begun and ended. Codes and dates in, rows out."""

from __future__ import annotations

import uuid
from datetime import date

from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy import Conflict, savepoint
from stegvis.ground.tenancy.scope import session
from stegvis.identity.access.policy import require
from stegvis.identity.audit import service as audit
from stegvis.vault.consent import service as consent
from stegvis.vault.enrolments import queries
from stegvis.vault.enrolments.cases import case, definition_for, team_of
from stegvis.vault.enrolments.coded import Baseline, Exit
from stegvis.vault.enrolments.models import Activity, Enrolment
from stegvis.vault.referrals import service as referrals


class EnrolmentFault(Exception):
    """What was asked cannot be done; the message is a Swedish sentence for the person who asked."""


def enrol(
    insats: str,
    referral_id: uuid.UUID,
    handledare_id: uuid.UUID,
    baseline: Baseline,
    on: date | None = None,
) -> uuid.UUID:
    """Enrol the person of an accepted referral from a day (today unless said); returns the enrolment's id.

    A second click, also one at the same moment, gives the enrolment that is there. 404 for a referral that is
    not accepted to this insats. Raises EnrolmentFault.
    """
    definition_for(insats)
    there = queries.by_referral(referral_id)
    if there is not None:
        return case(there.id).id
    participant_id = accepted_participant(insats, referral_id)
    if consent.state_for(participant_id, insats, hold=True).state == "atertagen":
        raise EnrolmentFault(
            _("Personen har tagit tillbaka sitt samtycke, så ingen skrivs in. Prata med personen.")
        )
    day = on or today()
    if day > today():
        raise EnrolmentFault(_("Inskrivningen kan inte ligga i framtiden. Inget är sparat."))
    if handledare_id not in {account for account, _name in team_of(insats)}:
        raise EnrolmentFault(_("Den handledaren är inte med i insatsens team. Välj en annan."))
    going_on = queries.open_for(participant_id, insats)
    if going_on is not None and going_on.referral_id == referral_id:
        # The other click was committed after the first look above.
        return going_on.id
    if going_on is not None:
        raise EnrolmentFault(_("Personen är redan inskriven i insatsen. Inget nytt är sparat."))
    row = Enrolment(
        insats=insats,
        participant_id=participant_id,
        referral_id=referral_id,
        handledare_id=handledare_id,
        started_on=day,
        forsorjning_before=list(baseline.forsorjning),
        sysselsattning_before=baseline.sysselsattning,
        utbildning=baseline.utbildning,
        months_on_support=baseline.months_on_support,
        baseline=dict(baseline.record) or None,
    )
    try:
        with savepoint():
            session().add(row)
    except Conflict:
        there = queries.by_referral(referral_id)
        if there is None:
            raise
        return there.id
    audit.record("skapa", "participant", participant_id, insats=insats, vad="inskrivning")
    return row.id


def accepted_participant(insats: str, referral_id: uuid.UUID) -> uuid.UUID:
    """The participant of a referral that this insats has accepted; 404 and a kept refusal otherwise."""
    require(referrals.insats_of(referral_id) == insats, "referral", referral_id)
    return referrals.participant_of_accepted(referral_id)


def end(enrolment_id: uuid.UUID, exit: Exit, on: date | None = None) -> Enrolment:
    """End an enrolment on a day (today unless said); its activities end with it, and its samtycke when it says.

    A second click changes nothing. Raises EnrolmentFault for a day before the start or after today, and for a
    code that is none of the insats' codes of avslut.
    """
    row = case(enrolment_id, lock=True)
    if row.ended_on is not None:
        return row
    day = on or today()
    if day > today():
        raise EnrolmentFault(_("Avslutet kan inte ligga i framtiden. Inget är sparat."))
    if day < row.started_on:
        raise EnrolmentFault(_("Avslutet kan inte ligga före inskrivningen. Inget är sparat."))
    if exit.code not in definition_for(row.insats).lists()["avslut"]:
        raise EnrolmentFault(_("Den orsaken finns inte i insatsen. Välj en annan."))
    row.ended_on, row.exit_code = day, exit.code
    row.forsorjning_after = list(exit.forsorjning)
    row.sysselsattning_after = exit.sysselsattning
    row.exit_words = exit.words or None
    row.exit_answers = dict(exit.record) or None
    for activity in queries.activities_of([row.id]):
        if activity.ended_on is None:
            activity.ended_on = max(day, activity.started_on)
    last = consent.at_avslut(row.participant_id, row.insats, row.referral_id, day)
    reaches = {} if last is None else {"samtycke_till": last.isoformat()}
    audit.record("andra", "participant", row.participant_id, insats=row.insats, vad="avslut", **reaches)
    return row


def start_activity(
    enrolment_id: uuid.UUID, kind: str, where: str = "", on: date | None = None, until: date | None = None
) -> uuid.UUID:
    """Begin an activity of one of the insats' kinds; the same one from the same day is not begun twice.

    `until` is set for one that is over already. Raises EnrolmentFault.
    """
    row = case(enrolment_id, lock=True)
    day = on or today()
    kinds = {item.id: item for item in definition_for(row.insats).process.activity}
    if kind not in kinds:
        raise EnrolmentFault(_("Den aktiviteten finns inte i insatsen. Välj en annan."))
    if row.ended_on is not None:
        raise EnrolmentFault(_("Insatsen är avslutad. Inget är sparat."))
    if day < row.started_on:
        raise EnrolmentFault(_("Aktiviteten kan inte börja före inskrivningen. Inget är sparat."))
    if until is not None and until < day:
        raise EnrolmentFault(_("Aktiviteten kan inte sluta innan den börjar. Inget är sparat."))
    for other in queries.activities_of([row.id]):
        if (other.kind, other.started_on, other.where or "") == (kind, day, where.strip()):
            return other.id
    activity = Activity(
        enrolment_id=row.id,
        kind=kind,
        area=kinds[kind].area,
        where=where.strip() or None,
        started_on=day,
        ended_on=until,
    )
    session().add(activity)
    session().flush()
    audit.record("skapa", "participant", row.participant_id, insats=row.insats, vad="aktivitet")
    return activity.id


def end_activity(enrolment_id: uuid.UUID, activity_id: uuid.UUID, on: date | None = None) -> None:
    """End an activity on a day (today unless said; its first day where that lies ahead).

    A second click changes nothing.
    """
    row = case(enrolment_id, lock=True)
    activity = session().get(Activity, activity_id)
    require(activity is not None and activity.enrolment_id == row.id, "activity", activity_id)
    assert activity is not None
    if activity.ended_on is None:
        activity.ended_on = max(on or today(), activity.started_on)
        audit.record("andra", "participant", row.participant_id, insats=row.insats, vad="aktivitet")


def enrolled_referrals(insats: str) -> set[uuid.UUID]:
    """The referrals that have led to an enrolment in the insats: one statement."""
    return queries.referrals_of(insats)
