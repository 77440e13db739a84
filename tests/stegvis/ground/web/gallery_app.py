"""A small app for the tests: every macro of the web frame, crowded, empty, long-named and failed."""

from datetime import date, datetime
from pathlib import Path

from flask import Flask, abort, flash, redirect, render_template, request
from flask_wtf import CSRFProtect, FlaskForm
from markupsafe import Markup
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from stegvis.ground import web
from stegvis.ground.web.charts import Measurement, sparkline

TODAY = date(2024, 1, 15)
AXES = (
    "Dagliga rutiner",
    "Självförtroende",
    "Kontakt med andra människor",
    "Ork och koncentration",
    "Tro på att få ett arbete",
    "Arbetslivserfarenhet",
)
ROUNDS = (
    Measurement("15 okt 2023", (1, 2, 2, 1, 1, 3)),
    Measurement("15 jan 2024", (2, 2, 3, 2, None, 3)),
    Measurement("15 april 2024", (3, 4, 3, 3, 2, 4)),
)
LONG_NAME = "Exempelina-Provhilda von Testenstam-Långnamnsson af Provbacken"


class ProbeForm(FlaskForm):
    """A WTForms form beside the dicts."""

    namn = StringField(
        "Namn", validators=[DataRequired("Skriv personens namn.")], description="För- och efternamn"
    )
    vag = RadioField(
        "Hur ska samtycket ges?",
        choices=[SelectChoice("nu", "Nu, här på plats"), SelectChoice("sen", "Senare, på egen telefon")],
    )


def staff_page() -> web.Page:
    """A staff frame with everything in it."""
    return web.Page(
        title="I dag",
        forbund_name="Samordningsförbundet Exempelbygden",
        forbund_class="fb-exempelbygden",
        where="Kärnhuset 2.0",
        who="Test Testsson",
        as_what="handledare",
        nav=[
            web.NavItem("I dag", "/personal", current=True, count=4),
            web.NavItem("Deltagare", "/tom"),
            web.NavItem("Remisser", "/formular", count=3),
            web.NavItem("Möten", "/formular-fel"),
            web.NavItem("Rapport", "/rapport"),
            web.NavItem("Sök", "/person"),
        ],
        logout_url="/ut",
        home_url="/personal",
    )


def participant_page() -> web.Page:
    """A participant's frame."""
    return web.Page(
        forbund_name="Samordningsförbundet Exempelbygden",
        forbund_class="fb-exempelbygden",
        who="Prov Provsson",
        nav=[
            web.NavItem("Start", "/deltagare", current=True),
            web.NavItem("Min plan", "/deltagare"),
            web.NavItem("Min utveckling", "/deltagare"),
            web.NavItem("Mina samtycken", "/deltagare"),
            web.NavItem("Vem har läst om mig", "/deltagare"),
        ],
        logout_url="/ut",
        home_url="/deltagare",
        languages=("sv", "en", "ar"),
    )


def people(count: int) -> list[dict]:
    """Rows of a caseload: one with a very long name, one with nothing measured."""
    rows = []
    for i in range(count):
        name = LONG_NAME if i == 1 else f"Test Testsson {i + 1}"
        values = () if i == 2 else (1, 2, 2, 3 + i % 3)
        rows.append(
            {
                "url": f"/person?nr={i}",
                "cells": {
                    "namn": name,
                    "veckor": 4 + 3 * i,
                    "matning": sparkline("Senaste mätningarna", values) if values else "ingen mätning än",
                    "nasta": "12 feb 2024",
                    "status": Markup("") if i % 2 else "pågår",
                },
            }
        )
    return rows


def make_app() -> Flask:
    """Make the gallery: a page for each template of gallery/, /fel/<code> and what forms post to."""
    app = Flask(__name__, template_folder=str(Path(__file__).parent / "gallery"))
    app.config.update(SECRET_KEY="gallery", EID_ORIGINS=["https://eid.exempel.se"])
    CSRFProtect(app)
    web.init_app(app, today=lambda: TODAY)
    web.set_colours(app, {"fb-exempelbygden": "#116a3e", "fb-gul": "#ffcc00"})

    def source() -> web.Page:
        participant = request.path in {"/deltagare", "/skatta", "/samtycke"}
        return web.Page() if request.path == "/bar" else participant_page() if participant else staff_page()

    web.set_page_source(app, source)

    @app.get("/<name>")
    def show(name: str) -> str:
        known = {
            "personal",
            "person",
            "formular",
            "formular-fel",
            "tom",
            "rapport",
            "deltagare",
            "skatta",
            "samtycke",
            "offentlig",
            "bar",
            "htmx",
        }
        if name not in known:
            abort(404)
        if name == "personal":
            flash("Remissen är skickad till Kärnhuset. Du får svar senast 12 dec 2026.", "success")
        form = ProbeForm(formdata=None)
        if name == "formular-fel":
            form.namn.errors = ["Skriv personens namn."]
        return render_template(
            f"{name}.html",
            form=form,
            axes=AXES,
            rounds=ROUNDS,
            people=people,
            today=TODAY,
            saved=datetime(2024, 1, 15, 8, 14),
            long_name=LONG_NAME,
        )

    @app.get("/fel/<int:code>")
    def fail(code: int) -> str:
        abort(code)

    @app.get("/brak")
    def crash() -> str:
        raise RuntimeError("hemligt")

    @app.post("/spara")
    def save() -> str:
        return render_template("saved.html", saved=datetime(2024, 1, 15, 8, 15))

    @app.post("/ut")
    def leave() -> Response:
        return redirect("/offentlig")

    return app


if __name__ == "__main__":
    make_app().run(port=8931)
