"""The loaded demo: Kärnhuset 2.0's figures at 2023-12-31, nothing that moves them, and once is enough."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from stegvis.app import create_app
from stegvis.ground.day import today
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.scope import scope, scopes, session
from stegvis.identity.access.rights import PUBLISH
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts.models import VaultAccount
from stegvis.identity.audit import service as audit
from stegvis.local import demo_data
from stegvis.local.demo_people import DemoPerson
from stegvis.local.installation import set_up
from stegvis.local.servers import Servers
from stegvis.plugin_host.service import definition_of
from stegvis.vault.consent import service as consent
from stegvis.vault.enrolments.models import Activity, Enrolment
from stegvis.vault.measurements.models import Measurement
from stegvis.vault.participants.models import Participant
from stegvis.vault.participants.service import age_on
from stegvis.vault.plans.models import Plan
from stegvis.vault.referrals.models import Referral
from stegvis.vault.reporting.models import Report

END = date(2023, 12, 31)
SANDVIKEN = "gavleborg/sandviken"


@pytest.fixture(scope="module")
def demo(running: Servers, run_folder: Path, worker_id: str) -> Iterator[tuple[Flask, list[DemoPerson]]]:
    """An installation of its own, with the demo's people loaded twice."""
    home = run_folder / f"demo-{worker_id}"
    name = f"demo_{worker_id}"
    settings = set_up(home, running, progress=lambda line: None, prefix=name, name=name)
    made = create_app(settings, levels=("forbund", "huvudman", "publicering"))
    with made.app_context():
        first = demo_data.load(made)
        assert demo_data.load(made) == first
        yield made, first
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def known(demo: tuple[Flask, list[DemoPerson]]) -> Iterator[list[DemoPerson]]:
    """Who can log in; with an application context."""
    app, found = demo
    with app.app_context():
        yield found


def _enrolments() -> list[Enrolment]:
    return list(session().scalars(sa.select(Enrolment)))


def test_the_figures_are_the_reports(known: list[DemoPerson]) -> None:
    with scope(SANDVIKEN):
        rows = _enrolments()
        ended = [row for row in rows if row.ended_on is not None]
        after = ["forsorjningsstod" in (row.forsorjning_after or []) for row in ended]
        assert (len(rows), len(rows) - len(ended), len(ended)) == (30, 22, 8)
        assert Counter(row.exit_code for row in ended) == {
            "tillsvidareanstallning": 1,
            "lonesubventionerad_anstallning": 1,
            "praktik_via_af": 1,
            "sjukersattning": 1,
            "avbrott": 1,
            "ater_till_remitterande_enhet": 3,
        }
        assert (after.count(True), after.count(False)) == (3, 5)
        assert max(row.started_on for row in rows) <= END
        assert max(row.ended_on for row in ended if row.ended_on) <= END
        assert min(row.started_on for row in rows) >= date(2022, 10, 1)


def test_five_are_in_arbetstraning(known: list[DemoPerson]) -> None:
    with scope(SANDVIKEN):
        rows = session().scalars(sa.select(Activity).where(Activity.kind == "arbetstraning"))
        going_on = [
            one for one in rows if one.started_on <= END and (one.ended_on is None or one.ended_on > END)
        ]
        assert len({one.enrolment_id for one in going_on}) == 5


def test_everybody_has_what_the_work_leaves(known: list[DemoPerson]) -> None:
    with scope(SANDVIKEN):
        everybody = {row.id for row in _enrolments()}
        assert {row.state for row in session().scalars(sa.select(Referral)) if row.decided_on} == {"antagen"}
        assert set(session().scalars(sa.select(Plan.enrolment_id))) == everybody
        assert set(session().scalars(sa.select(Measurement.enrolment_id))) == everybody
        states = consent.states("karnhuset")
        held = [(row, states[row.participant_id]) for row in _enrolments()]
        assert {one.method for _, one in held} == {"papper"}
        # An avslut cuts it: it holds for the follow-ups, and then no more.
        assert {one.state for row, one in held if row.ended_on is None} == {"given"}
        assert [one.state for _, one in held] == [
            "given" if one.valid_to and one.valid_to >= today() else "utgangen" for _, one in held
        ]
        assert None not in {row.handledare_id for row in _enrolments()}
        genders = Counter(session().scalars(sa.select(Participant.gender)))
        assert min(genders["kvinna"], genders["man"]) >= 12
        assert audit.verify().ok


def test_some_measurements_are_overdue(known: list[DemoPerson]) -> None:
    with scope(SANDVIKEN):
        newest = sa.select(Measurement.enrolment_id, sa.func.max(Measurement.on_date))
        last = {
            enrolment_id: day
            for enrolment_id, day in session().execute(newest.group_by(Measurement.enrolment_id))
        }
        going_on = [last[row.id] for row in _enrolments() if row.ended_on is None]
        assert sum(day < date(2023, 10, 1) for day in going_on) == 4


def test_somebody_waits_in_each_queue_and_the_report_is_not_begun(known: list[DemoPerson]) -> None:
    with scope(SANDVIKEN):
        enrolled = {row.referral_id for row in _enrolments()}
        others = [row for row in session().scalars(sa.select(Referral)) if row.id not in enrolled]
        assert Counter(row.state for row in others) == {
            "utkast": 1,
            "vantar_samtycke": 1,
            "oppen": 1,
            "antagen": 1,
        }
        assert session().scalars(sa.select(Report)).all() == []


def test_the_two_participants_can_log_in(known: list[DemoPerson]) -> None:
    waiting, test = (one for one in known if one.role == "deltagare")
    with scope(SANDVIKEN):
        kinds = [accounts.accounts_of_number(one.personnummer)[0][1] for one in (waiting, test)]
        assert kinds == ["deltagare", "deltagare"]
        account_id = accounts.accounts_of_number(test.personnummer)[0][0]
        enrolment = session().scalar(
            sa.select(Enrolment.id).where(Enrolment.participant_id == accounts.participant_of(account_id))
        )
        count = sa.select(sa.func.count()).where(Measurement.enrolment_id == enrolment)
        assert session().scalar(count) == 2
        assert accounts.participant_of(accounts.accounts_of_number(waiting.personnummer)[0][0]) is None


def test_staff_have_their_accounts_and_the_administrator_may_publish(known: list[DemoPerson]) -> None:
    for one in known:
        with scope("/".join(filter(None, (one.tenant, one.huvudman)))):
            (account_id, _kind, _organisation), *others = accounts.accounts_of_number(one.personnummer)
            actor = accounts.actor_of(account_id)
            assert (others, actor is not None and actor.name) == ([], one.name)
            assert actor is not None
            assert actor.has(PUBLISH) == (one.role == "vault_admin")


def test_start_addresses_are_whole(known: list[DemoPerson]) -> None:
    assert {one.start_url.partition(".localhost:")[0] for one in known} == {
        "http://gavleborg",
        "http://kalmar-lan",
        "http://skane-nordost",
    }


def test_people_elsewhere_fit_their_insats(known: list[DemoPerson]) -> None:
    for directory in scopes().directory:
        for instance in directory.insats:
            definition = definition_of(instance)
            codes = {one.code for one in definition.process.avslut}
            for huvudman in instance.huvudmen:
                with scope(f"{directory.id}/{huvudman}"):
                    rows = [row for row in _enrolments() if row.insats == instance.id]
                    assert rows
                    assert {row.exit_code for row in rows if row.exit_code} - codes == set()
                    assert min(row.started_on for row in rows) >= (instance.starts or date.min)
                    age = definition.target_group.age if definition.target_group else None
                    if age is not None:
                        people = {one.id: one for one in session().scalars(sa.select(Participant))}
                        ages = [age_on(people[row.participant_id], row.started_on) for row in rows]
                        assert (age.min or 0) <= min(ages) <= max(ages) <= (age.max or 200)


def test_everybody_of_se_coach_has_ended(known: list[DemoPerson]) -> None:
    with scope("gavleborg/af_gavle"):
        assert [
            row for row in _enrolments() if row.ended_on is None or row.ended_on > date(2019, 12, 31)
        ] == []
        staff = sa.select(sa.func.count()).select_from(VaultAccount)
        assert session().scalar(staff) == 2


class _CutShort(Exception):
    """Stands for a machine that is switched off in the middle."""


def test_a_load_that_was_cut_short_is_finished_the_next_time(
    running: Servers, run_folder: Path, worker_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"cut_{worker_id}"
    settings = set_up(run_folder / name, running, progress=lambda line: None, prefix=name, name=name)
    app = create_app(settings)
    agree, left = demo_data.plans.agree, iter(range(7))

    def agree_until_cut(*args: object, **kwargs: object) -> int:
        if next(left, None) is None:
            raise _CutShort
        return agree(*args, **kwargs)  # type: ignore[arg-type]

    with app.app_context():
        with monkeypatch.context() as cut:
            cut.setattr(demo_data.plans, "agree", agree_until_cut)
            with pytest.raises(_CutShort):
                demo_data.load(app)
        demo_data.load(app)
        with scope(SANDVIKEN):
            assert len(_enrolments()) == 30
            assert len(session().scalars(sa.select(Plan.id)).all()) == 30
            states = Counter(session().scalars(sa.select(Referral.state)))
            assert states == {"antagen": 31, "oppen": 1, "vantar_samtycke": 1, "utkast": 1}
        for engine in db.engines.values():
            engine.dispose()
