"""The pages about people over HTTP: lists, forms that fail, one event a read, one refusal a locked door."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sessions_kept import kept_sessions
from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scopes
from stegvis.identity.access.rights import HANDLEDARE
from stegvis.plugin_host.service import definition_of
from stegvis.vault.enrolments import service
from stegvis.vault.measurements import service as measurements

BASELINE = {
    "forsorjning_fore": ["forsorjningsstod", "anhorig"],
    "sysselsattning_fore": "ingen",
    "utbildning": "grundskola",
    "tid_med_offentlig_forsorjning": "3_5_ar",
}
SIX = ("vardag", "halsa", "andra_manniskor", "riktning", "vagar", "tilltro")


@pytest.fixture
def day(vault: Any) -> str:
    """The business day, as a form sends it."""
    with vault.app.app_context():
        return today().isoformat()


def texts(page: str) -> str:
    """What is read on a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_way_from_an_accepted_referral_to_the_persons_page(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any], day: str
) -> None:
    referral = vault.accepted("Åsa", "Provsson")
    path, browser = f"/insats/karnhuset/inskrivning/{referral}", browse(handledare)
    assert "Skriv in Åsa Provsson" in browser.get(path).text
    sent = BASELINE | {"inskriven-den": day, "vald-handledare": str(handledare)}
    answers = [browser.post(path, sent), browser.post(path, sent)]
    assert [one.status_code for one in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    page = texts(browser.get(answers[0].location).text)
    assert "Inskrivningen är klar." in page
    assert "Åsa Provsson" in page
    assert "Försörjningsstöd, Försörjs av någon annan" in page
    assert "Härnäst: Mät hur det går" in page


def test_a_failed_enrolment_keeps_what_was_typed_and_points_at_each_field(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any], day: str
) -> None:
    referral = vault.accepted()
    path, browser = f"/insats/karnhuset/inskrivning/{referral}", browse(handledare)
    browser.get(path)
    answer = browser.post(path, {"utbildning": "gymnasium", "inskriven-den": day, "vald-handledare": ""})
    assert answer.status_code == 422
    links = re.findall(r'<li><a href="#([^"]+)">([^<]+)</a></li>', answer.text)
    assert [anchor for anchor, _sentence in links] == [
        "vald-handledare", "f-forsorjning_fore", "f-sysselsattning_fore", "f-tid_med_offentlig_forsorjning",
    ]  # fmt: skip
    assert links[1][1] == "Vad lever personen på i dag? Välj ett svar."
    assert all(f'id="{anchor}"' in answer.text for anchor, _sentence in links)
    assert re.search(r'value="gymnasium"\s+checked', answer.text)
    assert browser.get("/insats/karnhuset/personer?mina=1").text.count("sv-radlank") == 0


@pytest.mark.parametrize(
    "path", ["", "/plan", "/plan/ny", "/matningar", "/matningar/ny", "/aktiviteter", "/avslut"]
)
def test_every_page_about_a_person_leaves_exactly_one_read_event(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any], path: str
) -> None:
    enrolment = vault.enrolled(handledare)
    with vault.acting(handledare):
        person = service.case(enrolment).participant_id
    browser = browse(handledare)
    found = vault.new_events(handledare, lambda: browser.get(f"/personer/{enrolment}{path}"))
    assert found == [("las", "ok", person)]


@pytest.mark.parametrize(
    "path", ["", "/plan", "/plan/ny", "/matningar", "/matningar/ny", "/aktiviteter", "/avslut"]
)
def test_somebody_elses_person_is_404_and_one_refusal(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any], path: str
) -> None:
    enrolment = vault.enrolled(handledare)
    stranger = vault.account(HANDLEDARE, insats="annan_insats")
    browser = browse(stranger)
    answers: list[Any] = []
    for known in (enrolment, uuid.uuid4()):
        found = vault.new_events(
            stranger, lambda known=known: answers.append(browser.get(f"/personer/{known}{path}"))
        )
        assert found == [("neka", "nekad", known)]
    assert [one.status_code for one in answers] == [404, 404]
    assert texts(answers[0].text) == texts(answers[1].text)


@pytest.mark.parametrize(
    "path", ["/personer/{id}/avslut", "/personer/{id}/plan/ny", "/personer/{id}/matningar/ny"]
)
def test_nobody_outside_the_team_writes(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any], path: str
) -> None:
    enrolment = vault.enrolled(handledare)
    stranger = vault.account(HANDLEDARE, insats="annan_insats")
    browser = browse(stranger)
    browser.token = ""
    browser.get("/remisser/ny")
    answer = browser.post(path.format(id=enrolment), {"avslutskod": "avbrott"})
    assert answer.status_code == 404


def test_accounts_without_the_right_do_not_get_in(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any]
) -> None:
    enrolment = vault.enrolled(handledare)
    plain, outside = vault.account(), vault.account("remittera", kind="remittent")
    for path in ("/insats/karnhuset/personer", f"/personer/{enrolment}", "/idag"):
        assert [browse(one).get(path).status_code for one in (plain, outside, handledare)] == [404, 404, 200]


def test_the_caseload_is_in_swedish_order_and_says_how_many(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any]
) -> None:
    for given in ("Örjan", "Anna", "Åsa", "Zeta", "Ärla"):
        vault.enrolled(handledare, given, "Prov")
    ended = vault.enrolled(handledare, "Avslutad", "Prov")
    with vault.acting(handledare):
        service.end(ended, service.Exit("avbrott"))
    browser = browse(handledare)
    page = browser.get("/insats/karnhuset/personer?mina=1").text
    assert re.findall(r'sv-radlank" href="[^"]+">\s*([^<]+?)\s*<', page) == [
        "Anna Prov", "Zeta Prov", "Åsa Prov", "Ärla Prov", "Örjan Prov",
    ]  # fmt: skip
    with vault.acting(handledare):
        caseload = service.people("karnhuset", mine=True)
    assert caseload.mine_enrolled == 5
    assert f"{caseload.enrolled} inskrivna, {len(caseload.waiting)} väntar" in texts(page)
    old = browser.get("/insats/karnhuset/personer?visa=avslutade&mina=1").text
    assert re.findall(r'sv-radlank" href="[^"]+">\s*([^<]+?)\s*<', old) == ["Avslutad Prov"]
    assert "Avbrott" not in old


def test_the_caseload_runs_the_same_statements_with_one_as_with_many(
    vault: Any, handledare: uuid.UUID, statements: list[str]
) -> None:
    def counted() -> tuple[int, int]:
        with vault.acting(handledare):
            statements.clear()
            rows = service.people("karnhuset", mine=True).rows
            return len(rows), len(statements)

    def enrol_and_measure(times: int) -> None:
        for _ in range(times):
            enrolment = vault.enrolled(handledare)
            with vault.acting(handledare):
                measurements.measure(enrolment, "steg_sex", {("deltagare", one): 3 for one in SIX})

    enrol_and_measure(1)
    few = counted()
    enrol_and_measure(49)
    many = counted()
    assert (few[0], many[0]) == (1, 50)
    assert few[1] == many[1]


def test_the_list_of_people_leaves_one_event_with_their_number(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any]
) -> None:
    vault.enrolled(handledare)
    browser = browse(handledare)
    found = vault.new_events(handledare, lambda: browser.get("/insats/karnhuset/personer"))
    assert found == [("lista", "ok", None)]


def test_the_avslut_over_http(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any], day: str
) -> None:
    enrolment = vault.enrolled(handledare)
    path, browser = f"/personer/{enrolment}/avslut", browse(handledare)
    browser.get(path)
    typed = {"avslutad-den": day, "overlamning_fbe": "ja", "aterrapport": "Svaret på frågeställningarna."}
    failed = browser.post(path, typed)
    assert failed.status_code == 422
    assert "Svaret på frågeställningarna." in failed.text
    assert 'id="f-overlamning_till"' in failed.text
    whole = typed | {
        "avslutskod": "overgang_till_fbe",
        "forsorjning_efter": ["forsorjningsstod"],
        "sysselsattning_efter": "kommunal_aktivitet",
        "overlamning_till": "se_coach",
    }
    answers = [browser.post(path, whole), browser.post(path, whole | {"avslutskod": "avbrott"})]
    assert [one.status_code for one in answers] == [303, 303]
    page = texts(browser.get(f"/personer/{enrolment}").text)
    assert "Övergång till Från bidrag till egen försörjning (FBE)" in page
    assert "SE-coach, för stöd mot arbete" in page
    assert "Svaret på frågeställningarna." in page
    assert "Avsluta insatsen för personen" not in page


def test_htmx_gets_only_the_fields_that_the_answers_call_for(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any]
) -> None:
    enrolment = vault.enrolled(handledare)
    path, browser = f"/personer/{enrolment}/avslut", browse(handledare)
    browser.get(path)
    for answer, shown in (("ja", True), ("nej", False)):
        parts: list[Any] = []
        events = vault.new_events(
            handledare,
            lambda answer=answer, parts=parts: parts.append(
                browser.post(path, {"overlamning_fbe": answer}, **{"HX-Request": "true"})
            ),
        )
        part = parts[0]
        assert (part.status_code, events) == (200, [])
        assert ('name="overlamning_till"' in part.text, "<html" in part.text) == (shown, False)
    with vault.acting(handledare):
        assert service.case(enrolment).ended_on is None


def test_activities_over_http(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any], day: str
) -> None:
    enrolment = vault.enrolled(handledare)
    path, browser = f"/personer/{enrolment}/aktiviteter", browse(handledare)
    browser.get(path)
    failed = browser.post(path, {"aktivitet-var": "Testverkstaden", "aktivitet-fran": day})
    assert failed.status_code == 422
    assert 'value="Testverkstaden"' in failed.text
    begun = browser.post(
        path, {"aktivitet-slag": "arbetstraning", "aktivitet-var": "Testverkstaden", "aktivitet-fran": day}
    )
    assert begun.status_code == 303
    page = browser.get(path).text
    end = re.search(rf'action="({path}/[^"]+/slut)"', page)
    assert end is not None
    assert browser.post(end[1]).status_code == 303
    assert "Ingen aktivitet pågår." in browser.get(path).text


def test_no_name_lies_in_the_session(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any], day: str
) -> None:
    referral = vault.accepted("Kanarie", "Fågelsson")
    path, browser = f"/insats/karnhuset/inskrivning/{referral}", browse(handledare)
    browser.get(path)
    browser.post(path, BASELINE | {"inskriven-den": day, "vald-handledare": str(handledare)})
    broker = vault.app.session_interface.broker
    kept = b"".join(kept_sessions(broker))
    assert "Inskrivningen är klar".encode() in kept
    assert b"Kanarie" not in kept


@pytest.mark.parametrize(
    ("host", "scope", "insats"),
    [
        ("kalmar-lan.localhost", "kalmar_lan/kalmar", "krus"),
        ("skane-nordost.localhost", "skane_nordost/osby", "gemensam_kraft"),
        ("gavleborg.localhost", "gavleborg/af_gavle", "se_coach"),
    ],
)
def test_every_insats_has_whole_pages(
    vault: Any, browse: Callable[..., Any], host: str, scope: str, insats: str
) -> None:
    vault.host, vault.scope, vault.insats = host, scope, insats
    handledare = vault.account(HANDLEDARE)
    referral, enrolment = vault.accepted(), vault.enrolled(handledare)
    with vault.app.app_context():
        used = definition_of(scopes().directory.get(scope.split("/", maxsplit=1)[0]).insats_by_id(insats))
    found = {
        path: browse(handledare).get(path).status_code
        for path in (
            "/idag",
            f"/insats/{insats}/personer",
            f"/insats/{insats}/inskrivning/{referral}",
            f"/personer/{enrolment}",
            f"/personer/{enrolment}/matningar",
            f"/personer/{enrolment}/matningar/ny",
            f"/personer/{enrolment}/plan",
            f"/personer/{enrolment}/plan/ny",
            f"/personer/{enrolment}/aktiviteter",
            f"/personer/{enrolment}/avslut",
        )
    }
    missing = {
        f"/personer/{enrolment}/matningar/ny": 200 if used.instruments else 404,
        f"/personer/{enrolment}/plan/ny": 200 if used.forms_for("plan") else 404,
    }
    assert found == {path: missing.get(path, 200) for path in found}
