"""The pages of reports in a vault: the insatsledare's and the approver's, and what others get."""

from datetime import date

import pytest
from flask import Flask
from report_world import (
    FORBUND,
    INSATS,
    TEXTS,
    VAULT,
    People,
    acting,
    fetch,
    logged_in,
    page,
    post,
    publish,
    send,
    words,
    write,
)

from stegvis.forbund.reports import service as received
from stegvis.vault.reporting import service

LIST = f"/insats/{INSATS}/rapporter"
Q4 = f"{LIST}/2023-10-01"


def test_the_list_tells_what_is_due_and_how_much_is_ready(app: Flask, people: People) -> None:
    write(people, {"bedomning": {"text": ""}})
    client = logged_in(app, VAULT, people.insatsledare)
    shown = words(page(client, LIST))
    assert "Rapporten för 1 okt–31 dec 2023" in shown
    assert "Ska vara inne senast 31 jan 2024" in shown
    assert "5 av 6 avsnitt är klara" in shown
    assert len(page(client, LIST).xpath("//tbody/tr")) == 6


def test_the_editor_has_the_figures_in_place(app: Flask, people: People) -> None:
    client = logged_in(app, VAULT, people.insatsledare)
    tree = page(client, Q4)
    rows = {
        " ".join(row.xpath("./th/text()")[0].split()): [
            cell.text_content().strip() for cell in row.xpath("./td")
        ]
        for row in tree.xpath("//section[@id='avsnitt-aktiviteter']//tbody/tr")
    }
    assert rows["Inskrivna vid periodens slut"] == ["22", "22"]
    assert rows["Deltagare som har varit med"] == ["24", "30"]
    assert rows["– Åter till remitterande enhet"] == ["2", "3"]
    assert rows["I arbetsträning vid periodens slut"] == ["5", "5"]
    assert rows["Utbildad personal"] == ["går inte att mäta än", "går inte att mäta än"]
    assert [one.get("id") for one in tree.xpath("//section[starts-with(@id, 'avsnitt-')]")] == [
        f"avsnitt-{name}" for name in TEXTS
    ]


def test_autosave_answers_with_the_saved_mark(app: Flask, people: People) -> None:
    client = logged_in(app, VAULT, people.insatsledare)
    token = page(client, Q4).xpath("//input[@name='csrf_token']/@value")[0]
    answer = fetch(
        client,
        f"{Q4}/avsnitt/bedomning",
        method="POST",
        data={"csrf_token": token, "text": "Det går bra."},
        headers={"HX-Request": "true"},
    )
    assert (answer.status_code, 'id="sparat-bedomning"' in answer.text, "1 av 6" in answer.text) == (
        200,
        True,
        True,
    )
    with acting(VAULT, people.insatsledare):
        section = service.opened(INSATS, date(2023, 10, 1)).section("bedomning")
        assert section is not None and section.text == "Det går bra."


def test_the_last_page_shows_what_crosses_and_marks_sentences(app: Flask, people: People) -> None:
    write(people, {"bedomning": {"text": "Två deltagare har fått sjukersättning."}})
    client = logged_in(app, VAULT, people.insatsledare)
    tree = page(client, f"{Q4}/granska")
    shown = words(tree)
    assert "Detta blir allmän handling" in shown
    assert [one.text_content() for one in tree.xpath("//mark")] == ["Två deltagare har fått sjukersättning."]
    assert "redovisas bara sedan start" in shown
    assert "Avbrott" not in shown
    answer = post(client, f"{Q4}/granska", f"{Q4}/skicka")
    assert (answer.status_code, answer.headers["Location"]) == (303, LIST)
    assert "väntar på attest" in words(page(client, LIST))


def test_the_approver_answers_and_attests(app: Flask, people: People) -> None:
    write(people, {"bedomning": {"text": "Två deltagare har fått sjukersättning."}})
    report_id = send(people)
    client = logged_in(app, VAULT, people.approver)
    address = f"/granskning/{report_id}"
    assert "Kärnhuset 2.0, 1 okt–31 dec 2023" in words(page(client, "/granskning"))
    tree = page(client, address)
    assert tree.xpath("//form[contains(@action, 'attestera')]") == []
    for form in tree.xpath("//form[contains(@action, 'markering')]/@action"):
        post(client, address, form, skal="Båda har sagt att det går bra.")
    seen = page(client, address).xpath("//input[@name='sett']/@value")[0]
    assert post(client, address, f"{address}/attestera", sett=seen).status_code == 303
    assert "Ingen rapport väntar" in words(page(client, "/granskning"))


def test_a_returned_report_shows_the_forbunds_words(app: Flask, people: People) -> None:
    publish(people)
    with acting(FORBUND, people.forbundschef):
        newest = received.newest_of_each([INSATS])[INSATS, "sandviken"]
        received.give_back(newest.row.id, "Beskriv hur volymen ska nås.")
    client = logged_in(app, VAULT, people.insatsledare)
    for address in (LIST, Q4):
        assert "Sänd tillbaka för komplettering: Beskriv hur volymen ska nås." in words(page(client, address))


@pytest.mark.parametrize("address", [LIST, Q4, f"{Q4}/granska"])
@pytest.mark.parametrize(("who", "status"), [("handledare", 403), ("approver", 404)])
def test_others_in_the_vault_get_nothing(
    app: Flask, people: People, who: str, status: int, address: str
) -> None:
    """Inside the own insats the right is missing; for others there is no such page."""
    page(logged_in(app, VAULT, getattr(people, who)), address, status)


@pytest.mark.parametrize(
    "address",
    [f"{LIST}/2023-10-02", f"{LIST}/2030-01-01", f"{LIST}/x", "/insats/se_coach/rapporter", "/granskning"],
)
def test_what_is_not_there_is_not_found(app: Flask, people: People, address: str) -> None:
    page(logged_in(app, VAULT, people.insatsledare), address, 404)
