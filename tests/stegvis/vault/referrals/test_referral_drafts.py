"""A referral before the yes, in the browser: begun, saved as typed, sent once, closed to everybody else."""

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g
from lxml import html

from referral_rows import events, referrals_of, stored
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.accounts import service as accounts
from stegvis.vault.consent.models import Consent
from stegvis.vault.referrals import service
from testlegitimation.people import luhn_digit
from visiting import ANSWERS, VAULT, People, Visitor, draft, fresh_number, refer

Browse = Callable[..., Visitor]
CANARY = "Kanariefrågan gäller en mycket särskild sak"


def test_nothing_is_kept_before_it_is_begun(app: Flask, people: People, browser: Browse) -> None:
    who = people.remittent()
    visitor = browser(who)
    visitor.get("/remisser/ny")
    assert referrals_of(app, who) == 0


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        ({"nummer": "20050920-1234"}, {"f-nummer"}),
        ({"nummer": "TTTTTTTT-TTTT"}, {"f-nummer"}),
        ({"nummer": "²0050920-9802"}, {"f-nummer"}),
        ({"nummer": ""}, {"f-nummer"}),
        ({"fornamn": " "}, {"f-fornamn"}),
        ({"efternamn": "", "fornamn": ""}, {"f-fornamn", "f-efternamn"}),
    ],
)
def test_a_faulty_beginning_keeps_what_was_typed(
    app: Flask, people: People, browser: Browse, typed: dict[str, str], faults: set[str]
) -> None:
    who = people.remittent()
    visitor = browser(who)
    visitor.get("/remisser/ny")
    right = {"insats": "karnhuset", "nummer": fresh_number(), "fornamn": "Test", "efternamn": "Testsson"}
    sent = right | typed
    assert visitor.send("/remisser/ny", sent).status_code == 422
    links = visitor.page.tree.xpath(
        "//*[@role='alert']//a/@href | //*[contains(@class,'error-summary')]//a/@href"
    )
    assert {one.rpartition("#")[2] for one in links} == faults
    form = visitor.page.form("/remisser/ny")
    assert {name: form.fields[name] for name in sent} == sent
    assert referrals_of(app, who) == 0


def test_ten_digits_and_spaces_are_read_as_the_same_person(
    app: Flask, people: People, browser: Browse
) -> None:
    number = fresh_number()
    visitor = browser(people.remittent())
    first = draft(visitor, f"{number[2:8]}-{number[8:]}")
    assert draft(visitor, f" {number[:8]} {number[8:]} ") == first


def test_begun_twice_is_one_draft(app: Flask, people: People, browser: Browse) -> None:
    who, number = people.remittent(), fresh_number()
    visitor = browser(who)
    assert draft(visitor, number) == draft(visitor, number)
    assert referrals_of(app, who) == 1


def test_begun_twice_at_once_is_one_draft(app: Flask, people: People) -> None:
    who, number = people.remittent(), fresh_number()
    together, made = threading.Barrier(2), []

    def click() -> None:
        with app.test_request_context(), scope(VAULT, account=who.account, outsider=True):
            actor = accounts.actor_of(who.account)
            assert actor is not None
            g.actor = actor
            together.wait(10)
            made.append(service.begin("karnhuset", number, "Test", "Testsson"))

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join(20)
    assert len(made) == 2 and len(set(made)) == 1
    assert referrals_of(app, who) == 1


def test_what_is_typed_is_kept_also_when_it_is_wrong(app: Flask, people: People, browser: Browse) -> None:
    visitor = browser(people.remittent())
    referral = draft(visitor, fresh_number())
    typed = {"remittent": "af", "kalla": "trisam", "trisam_datum": "i tisdags", "fragestallningar": CANARY}
    sent = typed | {"csrf_token": visitor.token()}
    answer = visitor.post(f"/remisser/{referral}/spara", sent, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "Sparat" in answer.text
    visitor.get(f"/remisser/{referral}")
    form = visitor.page.form("/spara")
    # A browser takes away the first line break inside a textarea.
    assert {name: form.fields[name].removeprefix("\n") for name in typed} == typed
    assert CANARY.encode() not in stored(app, referral)["answers_sealed"]


def test_what_is_missing_is_named_before_sending(app: Flask, people: People, browser: Browse) -> None:
    visitor = browser(people.remittent())
    referral = draft(visitor, fresh_number())
    answer = visitor.get(f"/remisser/{referral}/kontroll")
    assert answer.status_code == 422
    said = [
        " ".join(one.text_content().split())
        for one in visitor.page.tree.xpath("//*[@role='alert']//a[contains(@href,'#f-')]")
    ]
    assert said == [
        "Vem remitterar? Välj ett svar.",
        "Var har frågeställningarna tagits fram? Välj ett svar.",
        "Frågeställningar: Fyll i det här fältet.",
        "Behöver personen stöd från flera parter samtidigt? Välj ett svar.",
    ]
    token = visitor.token()
    visitor.post(f"/remisser/{referral}/skicka", {"csrf_token": token, "samtycke": "egen"})
    assert stored(app, referral)["state"] == "utkast"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        (
            {"samordnad_rehabilitering": "nej"},
            ["Insatsen är för personer som behöver stöd från flera parter samtidigt."],
        ),
        (
            {
                "forsorjningsstod_lange": "nej",
                "funktionsnedsattning": "nej",
                "spraksvaghet": "nej",
                "tidigare_beroende": "nej",
            },
            ["Ingen av de fyra omständigheterna stämmer."],
        ),
    ],
)
def test_the_target_group_says_why_not(
    people: People, browser: Browse, changes: dict[str, str], wrong: list[str]
) -> None:
    visitor = browser(people.remittent())
    referral = draft(visitor, fresh_number())
    answer = visitor.post(
        f"/remisser/{referral}/spara",
        ANSWERS | changes | {"csrf_token": visitor.token()},
        headers={"HX-Request": "true"},
    )
    tree: Any = html.fromstring(answer.text)
    rows = tree.xpath("//li[contains(@class,'sv-krav__rad--nej')]/span/span")
    assert [" ".join(one.text_content().split()) for one in rows] == wrong


def test_somebody_too_old_does_not_fit(app: Flask, people: People, browser: Browse) -> None:
    visitor = browser(people.remittent())
    draft(visitor, "19400101980" + str(luhn_digit("400101980")))
    rows = visitor.page.tree.xpath("//*[@id='malgrupp']//li[contains(@class,'sv-krav__rad--nej')]")
    said = [" ".join(one.text_content().split()) for one in rows]
    assert said[0] == "Personen är 18–64 år. Personen är 84 år, insatsen är för 18–64 år."


# -- before the samtycke -------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [False, True])
def test_only_the_author_reads_before_the_yes(
    app: Flask, people: People, browser: Browse, sent: bool
) -> None:
    number, author = fresh_number(), people.remittent()
    visitor = browser(author)
    if sent:
        referral = refer(visitor, number, "Dold Doldsson")
    else:
        referral = draft(visitor, number, "Dold Doldsson")
        visitor.post(
            f"/remisser/{referral}/spara", {"fragestallningar": CANARY, "csrf_token": visitor.token()}
        )
    assert visitor.get(f"/remisser/{referral}").status_code == 200
    team, colleague = people.handledare(), people.remittent()
    for who in (team, colleague):
        other = browser(who)
        for path in ("", "/kontroll", "/samtycke"):
            assert other.get(f"/remisser/{referral}{path}").status_code == 404
        other.get("/remisser/ny")
        fields = {"csrf_token": other.token(), "fragestallningar": "ändrad", "svar": "ja", "samtycke": "egen"}
        for path in ("spara", "skicka"):
            assert other.post(f"/remisser/{referral}/{path}", fields).status_code == 404
    member = browser(team)
    assert member.get(f"/insats/karnhuset/remisser/{referral}").status_code == 404
    member.get("/insats/karnhuset/remisser")
    assert "Doldsson" not in member.page.words and re.search(r"[1-9]\d* på väg", member.page.words)
    member.get("/idag")
    assert "Doldsson" not in member.page.words
    before = stored(app, referral)
    member.post(f"/insats/karnhuset/remisser/{referral}/svar", {"svar": "ja", "csrf_token": member.token()})
    assert stored(app, referral) == before


def test_the_count_of_what_is_on_the_way(people: People, browser: Browse) -> None:
    team = browser(people.handledare())

    def on_the_way() -> int:
        team.get("/insats/karnhuset/remisser")
        found = re.search(r"(\d+) på väg", team.page.words)
        assert found is not None
        return int(found[1])

    before = on_the_way()
    visitor = browser(people.remittent())
    draft(visitor, fresh_number())
    assert on_the_way() == before + 1
    refer(visitor, fresh_number())
    assert on_the_way() == before + 2


def test_sent_twice_is_sent_once(app: Flask, people: People, browser: Browse) -> None:
    who, number = people.remittent(), fresh_number()
    visitor = browser(who)
    referral = draft(visitor, number)
    visitor.post(f"/remisser/{referral}/spara", ANSWERS | {"csrf_token": visitor.token()})
    visitor.get(f"/remisser/{referral}/kontroll")
    fields = {"csrf_token": visitor.token(), "samtycke": "egen"}
    answers = [visitor.post(f"/remisser/{referral}/skicka", fields) for _ in range(2)]
    assert [one.location for one in answers] == [f"/remisser/{referral}"] * 2
    assert len(events(app, who, "skicka")) == 1
    with app.app_context(), scope(VAULT):
        asked = session().scalar(sa.select(sa.func.count()).where(Consent.referral_id == referral))
        opened = accounts.accounts_of_number(number)
    assert asked == 1 and [kind for _id, kind, _organisation in opened] == ["deltagare"]


def test_sent_twice_at_once_is_sent_once(app: Flask, people: People, browser: Browse) -> None:
    who = people.remittent()
    first, second = browser(who), browser(who)
    referral = draft(first, fresh_number())
    first.post(f"/remisser/{referral}/spara", ANSWERS | {"csrf_token": first.token()})
    together, statuses = threading.Barrier(2), []

    def click(visitor: Visitor) -> None:
        visitor.get(f"/remisser/{referral}/kontroll")
        fields = {"csrf_token": visitor.token(), "samtycke": "egen"}
        together.wait(10)
        statuses.append(visitor.post(f"/remisser/{referral}/skicka", fields).status_code)

    clicks = [threading.Thread(target=click, args=(one,)) for one in (first, second)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join(20)
    assert statuses == [303, 303]
    assert len(events(app, who, "skicka")) == 1


def test_what_is_sent_is_changed_no_more(app: Flask, people: People, browser: Browse) -> None:
    visitor = browser(people.remittent())
    referral = refer(visitor, fresh_number())
    before = stored(app, referral)["answers_sealed"]
    visitor.post(
        f"/remisser/{referral}/spara", {"fragestallningar": "Något annat", "csrf_token": visitor.token()}
    )
    assert stored(app, referral)["answers_sealed"] == before
    assert visitor.get(f"/remisser/{referral}/kontroll").location == f"/remisser/{referral}"


@pytest.mark.parametrize("way", ["egen", "papper"])
def test_after_sending_the_author_is_told_what_comes(people: People, browser: Browse, way: str) -> None:
    visitor = browser(people.remittent())
    refer(visitor, fresh_number(), way=way)
    assert "Remissen är skickad till Kärnhuset 2.0." in visitor.page.words
    assert "Remissen väntar på personens ja." in visitor.page.words


def test_every_reading_of_the_referral_leaves_one_event(app: Flask, people: People, browser: Browse) -> None:
    author = people.remittent()
    visitor = browser(author)
    referral = draft(visitor, fresh_number())
    before = len(events(app, author, "las"))
    for path in ("", "/kontroll"):
        visitor.get(f"/remisser/{referral}{path}")
    assert events(app, author, "las")[before:] == [("referral", referral)] * 2


def test_a_draft_that_is_thrown_away_leaves_nothing(app: Flask, people: People, browser: Browse) -> None:
    who, number = people.remittent(), fresh_number()
    visitor = browser(who)
    referral = draft(visitor, number)
    visitor.send("/spara", {"fragestallningar": CANARY})
    visitor.get(f"/remisser/{referral}")
    visitor.send("/slang")
    row = stored(app, referral)
    assert row["state"] == "slangd"
    emptied = ("number_hash", "number_sealed", "given_name_sealed", "family_name_sealed", "answers_sealed")
    assert {name: row[name] for name in emptied} == dict.fromkeys(emptied)
    visitor.get("/remisser")
    assert visitor.page.links(f"/remisser/{referral}") == []


def test_what_is_sent_cannot_be_thrown_away(app: Flask, people: People, browser: Browse) -> None:
    visitor = browser(people.remittent())
    draft(visitor, fresh_number())
    token = visitor.token()
    referral = refer(visitor, fresh_number())
    visitor.post(f"/remisser/{referral}/slang", {"csrf_token": token})
    assert stored(app, referral)["state"] == "vantar_samtycke"


def test_a_saving_that_was_overtaken_undoes_nothing(app: Flask, people: People, browser: Browse) -> None:
    visitor = browser(people.remittent())
    referral = draft(visitor, fresh_number())
    newest = {"provat": "Det senaste", "skrivet_vid": "0123456789abcdef.2"}
    visitor.send("/spara", newest)
    visitor.get(f"/remisser/{referral}")
    visitor.send("/spara", {"provat": "Det första", "skrivet_vid": "0123456789abcdef.1"})
    visitor.get(f"/remisser/{referral}")
    assert visitor.page.form("/spara").fields["provat"].strip() == "Det senaste"


def test_a_draft_that_is_gone_cannot_be_sent(app: Flask, people: People, browser: Browse) -> None:
    visitor = browser(people.remittent())
    referral = draft(visitor, fresh_number())
    token = visitor.token()
    visitor.post(f"/remisser/{referral}/slang", {"csrf_token": token})
    visitor.post(f"/remisser/{referral}/skicka", {"csrf_token": token, "samtycke": "egen"}, follow=True)
    assert stored(app, referral)["state"] == "slangd"
    with app.app_context(), scope(VAULT):
        asked = sa.select(sa.func.count()).where(Consent.referral_id == referral)
        assert session().scalar(asked) == 0
    assert visitor.get(f"/remisser/{referral}").status_code == 200
    assert "Utkastet är borttaget" in visitor.page.words
