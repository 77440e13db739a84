"""The world of the isolation matrix: one whole case in each of four places, and everybody who might look.

Places: the own insats, another insats of the same huvudman, another huvudman of the förbund, another förbund.
Whatever lies in a place carries that place's canaries, so that an answer tells where it came from.
"""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
from flask import Flask, g
from psycopg import sql

import stegvis.forbund.reports.jobs
import stegvis.publishing.jobs  # noqa: F401  the handlers, as a worker has them
from stegvis.app import create_app
from stegvis.config import Settings
from stegvis.forbund.agreements import service as agreements
from stegvis.forbund.agreements.files import PDF, PNG, Upload
from stegvis.forbund.agreements.service import NewSigner
from stegvis.forbund.reports.models import ReceivedReport
from stegvis.ground.day import today
from stegvis.ground.jobs import service as jobs
from stegvis.ground.jobs.models import OUTBOXES
from stegvis.ground.tenancy import ScopeId
from stegvis.ground.tenancy.scope import current, scope, session
from stegvis.identity.access import rights
from stegvis.identity.access.decide import Subject
from stegvis.identity.accounts import service as accounts
from stegvis.plugin_host.service import definition_of
from stegvis.publishing import service as publishing
from stegvis.vault.consent import texts
from stegvis.vault.consent.models import Consent, ConsentScan
from stegvis.vault.enrolments.models import Activity, Enrolment
from stegvis.vault.measurements.models import Measurement, MeasurementValue
from stegvis.vault.participants import service as participants
from stegvis.vault.plans.models import Plan
from stegvis.vault.referrals.models import Referral
from stegvis.vault.reporting import drafts
from stegvis.vault.reporting.contents import content_of
from stegvis.vault.reporting.models import Report, ReportMark, ReportText
from visiting import Login, fresh_number

# Instances of one plugin everywhere, so that every place has every form; they are added to the tenants files.
SECOND, ELSEWHERE, FAR = "karnhuset_b", "karnhuset_c", "karnhuset_d"
# Routes of one agreement: all are the förbund's own.
AGREEMENTS = tuple(
    f"agreements.{name}"
    for name in (
        "one", "add_signer", "remove_signer", "ask_of_party", "change_document", "document", "send", "remind",
        "make_void", "paper", "register_paper", "scan", "finished", "receipt", "trail",
    )
)  # fmt: skip


@dataclass
class Place:
    """Where a case lies, and the ids of all that is in it."""

    name: str
    scope: str
    insats: str
    ids: dict[str, uuid.UUID] = field(default_factory=dict)
    starts: date = date(2023, 10, 1)
    section: str = ""
    person: uuid.UUID | None = None
    team: Login | None = None

    @property
    def forbund(self) -> str:
        """The förbund's scope above it."""
        return ScopeId.parse(self.scope).forbund

    def canary(self, kind: str) -> str:
        """A word that stands in everything of one kind here: `person`, `rapport`, `konto`."""
        return f"Kanarie{kind}{self.name}"


def four_places() -> dict[str, Place]:
    """The own insats first."""
    made = [
        Place("egen", "gavleborg/sandviken", "karnhuset"),
        Place("syskon", "gavleborg/sandviken", SECOND),
        Place("annan", "gavleborg/af_gavle", ELSEWHERE),
        Place("fjarran", "kalmar_lan/kalmar", FAR),
    ]
    return {one.name: one for one in made}


def application(settings: Settings, folder: Path) -> Flask:
    """The same installation with an insats more at three huvudmän, and without CSRF tokens.

    Tokens have tests of their own; here a refused write must be refused by permission, not by a missing token.
    """
    tenants = folder / "tenants"
    shutil.copytree(settings.tenants_dir, tenants)
    text = (tenants / "gavleborg.toml").read_text("utf-8")
    begins = text.index('[[insats]]\nid = "karnhuset"')
    whole = text[begins : text.index("[[insats]]", begins + 1)]
    places = (
        (SECOND, "gavleborg", "sandviken"),
        (ELSEWHERE, "gavleborg", "af_gavle"),
        (FAR, "kalmar_lan", "kalmar"),
    )
    for insats, forbund, huvudman in places:
        again = whole.replace('id = "karnhuset"', f'id = "{insats}"', 1)
        again = again.replace("Kärnhuset 2.0", insats).replace('["sandviken"]', f'["{huvudman}"]')
        file = tenants / f"{forbund}.toml"
        file.write_text(file.read_text("utf-8") + "\n" + again, "utf-8")
    made = create_app(replace(settings, tenants=tenants), levels=("forbund", "huvudman", "publicering"))
    made.config["WTF_CSRF_ENABLED"] = False
    return made


def fill(place: Place) -> None:
    """Make one whole case: referral, samtycke, enrolment, activity, plan, measurement, report, accounts."""
    with scope(place.scope):
        staff, number = fresh_number(), fresh_number()
        team = accounts.open_account(
            staff, f"{place.canary('konto')} Personalsson", "personal",
            rights=(rights.HANDLEDARE, rights.INSATSLEDARE, rights.PUBLISH), insats=place.insats,
        )  # fmt: skip
        place.team = Login(team, staff, "personal", place.scope)
        place.ids["account_id"] = team
        author = accounts.open_account(
            fresh_number(), f"{place.canary('konto')} Remittentsson", "remittent",
            rights=(rights.REFER,), insats=place.insats,
        )  # fmt: skip
        accounts.invite(fresh_number(), f"{place.canary('konto')} Inbjuden", "personal", (rights.HANDLEDARE,))
        place.ids["author"] = author
        place.ids["invitation_id"] = _newest_invitation()
        person = participants.ensure(number, place.canary("person"), "Testsson")
        place.person = person.id
        place.ids["participant"] = person.id
        place.ids["deltagare"] = accounts.open_account(number, person.name, "deltagare")
        accounts.join_participant(number, person.id)
        place.ids["referral_id"] = _referral(place, author, "oppen", number, person.id)
        waiting = fresh_number()
        other = participants.ensure(waiting, place.canary("person"), "Provsson")
        place.ids["accepted"] = _referral(place, author, "antagen", waiting, other.id)
        place.ids["consent_id"] = _consent(place)
        place.ids["enrolment_id"] = _enrolment(place, team)
        _report(place, team)
    _publish(place)
    _agreement(place)


def _agreement(place: Place) -> None:
    """An agreement that is being signed at the förbund, one of its two signers on paper."""
    with scope(place.forbund):
        number = fresh_number()
        staff = accounts.open_account(number, "Prov Kanslist", "kansli", rights=(rights.KANSLI,))
    with acting(Login(staff, number, "kansli", place.forbund)):
        made = agreements.create(
            "overenskommelse",
            place.canary("rapport"),
            place.insats,
            None,
            Upload("a.pdf", PDF, b"%PDF-1.7 %%EOF"),
        )
        for nth, kind in enumerate(("person", "konto")):
            name = f"{place.canary('rapport')} {kind}"
            typed = NewSigner(name, fresh_number(), f"Part {nth}", "Chef", "delegationsordning")
            agreements.add_signer(made, typed)
        agreements.send(made)
        shown = agreements.page(made)
        signer = shown.signers[0].id
        scan = Upload("a.png", PNG, place.canary("rapport").encode())
        agreements.register_paper(made, signer, today(), place.canary("rapport"), scan)
        place.ids |= {"agreement_id": made, "signer_id": signer, "party_id": shown.parties[0].id}
        g.pop("actor")


def _newest_invitation() -> uuid.UUID:
    invitation = accounts.models_here()[2]
    found = session().query(invitation.id).order_by(invitation.created_at.desc()).first()
    assert found is not None
    newest: uuid.UUID = found[0]
    return newest


def _referral(place: Place, author: uuid.UUID, state: str, number: str, person: uuid.UUID) -> uuid.UUID:
    row = Referral(
        insats=place.insats, form_version="1", state=state, author_id=author, participant_id=person,
        person_id=place.ids["deltagare"] if person == place.person else None,
        number_hash=current().keys.search_hash(number), number=number,
        given_name=place.canary("person"), family_name="Testsson",
        answers={"svar": {}, "skrivet": {"fragestallningar": [place.canary("person")]}},
        created_on=today(), sent_on=today(), opened_on=today(),
    )  # fmt: skip
    session().add(row)
    session().flush()
    return row.id


def _consent(place: Place) -> uuid.UUID:
    row = Consent(
        insats=place.insats, referral_id=place.ids["referral_id"], participant_id=place.person,
        kind="sekretessbrytande", state="given", method="papper", valid_from=today(),
        valid_to=today() + timedelta(days=300),
    )  # fmt: skip
    texts.freeze(row)
    session().add(row)
    session().flush()
    scan = ConsentScan(
        consent_id=row.id, kind="pdf", size=5, content="JVBERi0=", added_by=place.ids["account_id"]
    )
    session().add(scan)
    session().flush()
    place.ids["scan_id"] = scan.id
    return row.id


def _enrolment(place: Place, handledare: uuid.UUID) -> uuid.UUID:
    definition = definition_of(current().forbund.insats_by_id(place.insats))
    row = Enrolment(
        insats=place.insats, participant_id=place.person, referral_id=place.ids["referral_id"],
        handledare_id=handledare, started_on=today() - timedelta(weeks=20),
        forsorjning_before=["forsorjningsstod"], sysselsattning_before="ingen", utbildning="grundskola",
        months_on_support="6_9_ar",
    )  # fmt: skip
    session().add(row)
    session().flush()
    activity = Activity(
        enrolment_id=row.id, kind="arbetstraning", where=place.canary("person"), started_on=today()
    )
    form = (definition.forms_for("plan") or definition.forms_for("remiss"))[0]
    text = next(item.id for item in form.field if item.kind in ("text", "long_text", "textarea"))
    plan = Plan(
        enrolment_id=row.id, version=1, form_version="1", agreed_on=today(), written_by=handledare,
        answers={"form": form.id, "version": form.version, "answers": {text: place.canary("person")}},
    )  # fmt: skip
    session().add_all([activity, plan])
    for instrument in list(definition.instruments.values())[:1]:
        made = Measurement(
            enrolment_id=row.id, instrument=instrument.id, instrument_version=str(instrument.version),
            on_date=today(), written_by=handledare,
        )  # fmt: skip
        session().add(made)
        session().flush()
        for rater in instrument.raters:
            for one in instrument.asked_of(rater):
                session().add(
                    MeasurementValue(measurement_id=made.id, indicator=one.id, rater=rater, value=3)
                )
    session().flush()
    place.ids["activity_id"] = activity.id
    return row.id


def _report(place: Place, leader: uuid.UUID) -> None:
    ground = drafts.ground_of(place.insats)
    assert ground is not None, place
    period = [one for one in ground.begun() if one.end < today()][-1]
    place.starts = period.start
    place.section = next(one.id for one in ground.template.section if one.kind == "narrative")
    row = Report(
        insats=place.insats, template=ground.template.id, period_from=period.start, period_to=period.end,
        state="granskas", sent_by=leader, sent_on=today(),
    )  # fmt: skip
    session().add(row)
    session().flush()
    words = f"{place.canary('rapport')} har hållit sina samtal."
    session().add(
        ReportText(report_id=row.id, section=place.section, words=words, ready=True, saved_by=leader)
    )
    mark = ReportMark(
        report_id=row.id, version=1, position=0, section=place.section, kind="name", sentence=words
    )
    session().add(mark)
    session().flush()
    place.ids |= {"report_id": row.id, "mark_id": mark.id}
    draft = drafts.load(ground, period)
    publishing.hand_over(content_of(draft, "Prov Ledare", today()))


def _publish(place: Place) -> None:
    """Let the workers carry the report to the förbund; what has arrived there is the place's `received`."""
    for level in (f"{place.forbund}:publicering", place.forbund):
        table = OUTBOXES[ScopeId.parse(level).level]
        with scope(level):
            waiting = [row.id for row in session().query(table).filter(table.done_at.is_(None)).all()]
        for row_id in waiting:
            jobs.run(level, str(row_id))
    with scope(place.forbund):
        place.ids["received"] = (
            session().query(ReceivedReport.id).filter(ReceivedReport.insats == place.insats).one()[0]
        )


EVERYBODY = (
    "handledare", "insatsledare", "vault_admin", "publicering", "handledare_med_skal", "med_skal",
    "remittent", "deltagare", "kansli", "forbundschef", "ingen",
)  # fmt: skip


def everybody(own: Place) -> dict[str, Login | None]:
    """One account of each kind at the own place; `ingen` has none."""
    staff = {
        "handledare": ((rights.HANDLEDARE,), own.insats),
        "insatsledare": ((rights.INSATSLEDARE,), own.insats),
        "vault_admin": ((rights.VAULT_ADMIN,), ""),
        "publicering": ((rights.PUBLISH,), own.insats),
        "handledare_med_skal": ((rights.HANDLEDARE, rights.OPEN_WITH_REASON), own.insats),
        "med_skal": ((rights.OPEN_WITH_REASON,), ""),
    }
    found: dict[str, Login | None] = {"ingen": None}
    with scope(own.scope):
        for name, (held, insats) in staff.items():
            number = fresh_number()
            made = accounts.open_account(number, f"Prov {name}", "personal", rights=held, insats=insats)
            found[name] = Login(made, number, "personal", own.scope)
        # A keeper beside, so that ending accounts never meets the last one.
        accounts.open_account(fresh_number(), "Prov Kvar", "personal", rights=(rights.VAULT_ADMIN,))
    with scope(own.forbund):
        for name, right in (("kansli", rights.KANSLI), ("forbundschef", rights.FORBUNDSCHEF)):
            number = fresh_number()
            made = accounts.open_account(number, f"Prov {name}", "kansli", rights=(right,))
            found[name] = Login(made, number, "kansli", own.forbund)
    found["remittent"] = Login(own.ids["author"], "", "remittent", own.scope)
    found["deltagare"] = Login(own.ids["deltagare"], "", "deltagare", own.scope)
    return {name: found[name] for name in EVERYBODY}


def subject_of(place: Place, what: str) -> Subject:
    """A thing of a place as the permission function knows it, told by what was made and not by the rooms."""
    there = {
        "insats": Subject(place.scope, place.insats),
        "person": Subject(place.scope, place.insats, place.person),
        "team_referral": Subject(place.scope, place.insats, place.person),
        "team_consent": Subject(place.scope, place.insats, place.person),
        "own_referral": Subject(place.scope, place.insats, place.person, owner=place.ids["author"]),
        "own_consent": Subject(place.scope, place.insats, place.person, owner=place.ids["deltagare"]),
        "accounts": Subject(place.scope),
        "received": Subject(place.forbund),
    }
    return there[what]


@contextmanager
def acting(who: Login) -> Iterator[None]:
    """A scope with somebody who acts in it, as a request would open it."""
    with scope(who.scope, account=who.account):
        g.actor = accounts.actor_of(who.account)
        yield


def empty(admin: psycopg.Connection) -> None:
    """Take away what the four cases leave behind."""
    tables = {
        "hm": ("measurement_value", "plan", "activity", "enrolment", "report_text", "sent_report", "report",
               "consent_evidence", "consent_told", "consent_scan", "consent_signer", "consent", "referral", "outbox"),
        "pub": ("contribution", "ledger", "outbox"),
        "fb": ("agreement", "received_report", "returned_report", "inbox", "handling", "arende", "outbox"),
    }  # fmt: skip
    schemas = ("hm_gavleborg_sandviken", "hm_gavleborg_af_gavle", "hm_kalmar_lan_kalmar")
    for schema in (*schemas, "pub_gavleborg", "pub_kalmar_lan", "fb_gavleborg", "fb_kalmar_lan"):
        for table in tables[schema.split("_")[0]]:
            admin.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(schema, table)))
    admin.commit()
