"""`stegvis consent`: checking a downloaded receipt, with nothing but the file and the roots that are believed."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from stegvis.config import SettingsError, read_settings
from stegvis.identity.eid import seal_keys
from stegvis.identity.eid.receipt import Report
from stegvis.identity.eid.rows import FOLDER
from stegvis.local.command_line import sentences
from stegvis.local.home import LocalError, default_home

ENVIRONMENT = "STEGVIS_ENVIRONMENT"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def consent() -> None:
    """Samtycken."""


@consent.command("verify")
@click.argument("file", type=FILE)
@click.option(
    "--root",
    "roots",
    multiple=True,
    type=FILE,
    help="Rotcertifikat (PEM) för underskrifter, i stället för installationens.",
)
@click.option(
    "--seal-root",
    "seals",
    multiple=True,
    type=FILE,
    help="Rotcertifikat (PEM) för stämplar, i stället för installationens.",
)
@click.option("--json", "as_json", is_flag=True)
@sentences
def verify(file: Path, roots: tuple[Path, ...], seals: tuple[Path, ...], as_json: bool) -> None:
    """Pröva ett kvitto (PDF eller JSON) utan nät, databas eller server.

    Slutar med 0 bara när allt stämmer, med 1 när något inte stämmer, och med 2 när filen inte är ett kvitto.
    En testrot räknas bara i en testmiljö: demon, eller där STEGVIS_ENVIRONMENT är test.
    """
    # The other commands need nothing of what reads a PDF.
    from stegvis.identity.eid.receipt_file import verify_file

    known = _pinned(roots, seals)
    try:
        found = verify_file(file, known)
    except OSError as error:
        raise SettingsError(f"Filen {file.name} går inte att läsa: {error.strerror}.") from None
    if as_json:
        click.echo(json.dumps(_plain(file, found), ensure_ascii=False, indent=1))
    else:
        for line in found.lines:
            click.echo(line)
    sys.exit(0 if found.ok else 1 if found.receipt else 2)


def _pinned(roots: tuple[Path, ...], seals: tuple[Path, ...]) -> Any:
    from stegvis.identity.eid.receipt_file import pinned

    try:
        home = default_home()
    except LocalError:
        home = Path()
    try:
        known = pinned(home / FOLDER, home / seal_keys.FOLDER, roots=roots, seals=seals, test=_is_test(home))
    except ValueError as error:
        raise SettingsError(str(error)) from None
    if known.left_out and not known.roots:
        raise SettingsError(
            "Rotcertifikatet är från en testmiljö och räknas inte här. Sätt STEGVIS_ENVIRONMENT=test för att pröva "
            "ett kvitto från en testmiljö."
        )
    if not known.roots:
        raise SettingsError("Inget rotcertifikat att pröva mot: ange det med --root FIL.")
    return known


def _is_test(home: Path) -> bool:
    if named := os.environ.get(ENVIRONMENT):
        return named == "test"
    try:
        return read_settings(home).demo
    except SettingsError:
        return False


def _plain(file: Path, found: Report) -> dict[str, object]:
    marks = {"OK": "stämmer", "FEL": "stämmer inte", "OBS": "att veta"}
    rows = []
    for line in found.lines:
        mark, _, sentence = line.partition(" ")
        known = marks.get(mark)
        rows.append({"kind": known or "slutsats", "sentence": sentence.strip() if known else line})
    kept = asdict(found)
    del kept["lines"]
    return {"file": file.name, **kept, "lines": rows}
