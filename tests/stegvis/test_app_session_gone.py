"""A form whose session is over: nothing that was typed is lost, and it can be sent again after a login."""

from collections.abc import Callable

from flask import Flask

from referral_rows import stored
from visiting import People, Visitor, draft, fresh_number

Browse = Callable[..., Visitor]


def test_what_was_typed_comes_back_and_goes_through_after_a_login(
    app: Flask, people: People, browser: Browse
) -> None:
    who = people.remittent()
    visitor = browser(who)
    referral = draft(visitor, fresh_number())
    before = stored(app, referral)["answers_sealed"]
    typed = {"csrf_token": "gammal", "provat": "Rad ett\nRad två", "remittent": "fk"}
    answer = visitor.post(f"/remisser/{referral}/spara", typed)
    assert answer.status_code == 400
    assert "Du har blivit utloggad" in visitor.page.words
    assert stored(app, referral)["answers_sealed"] == before
    form = visitor.page.form("/spara")
    assert form.fields["provat"].strip().replace("\r\n", "\n") == "Rad ett\nRad två"
    assert form.fields["remittent"].strip() == "fk"
    visitor.send("/spara")
    visitor.get(f"/remisser/{referral}")
    assert visitor.page.form("/spara").fields["provat"].strip().replace("\r\n", "\n") == "Rad ett\nRad två"


def test_an_autosave_is_told_in_the_place_for_messages(people: People, browser: Browse) -> None:
    visitor = browser(people.remittent())
    referral = draft(visitor, fresh_number())
    answer = visitor.post(
        f"/remisser/{referral}/spara", {"csrf_token": "gammal"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 400
    assert "Logga in i en ny flik" in answer.text
