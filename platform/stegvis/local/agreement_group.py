"""`stegvis agreement`: documents signed by several, read in from files."""

import json
import sys
import uuid
from pathlib import Path
from typing import Any

import click

from stegvis.app import create_app
from stegvis.config import SettingsError
from stegvis.forbund.agreements import service
from stegvis.forbund.agreements.trail import Trail, TrailFault, read_trail_bytes
from stegvis.forbund.agreements.verifying import verify
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.scope import scope
from stegvis.identity.eid.seal_keys import FOLDER, ROOT
from stegvis.local.command_line import ScopeParam, known_scope, sentences
from stegvis.local.home import default_home
from stegvis.local.installation import installation


@click.group()
def agreement() -> None:
    """Ansökningar och överenskommelser."""


@agreement.command("import-trail")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", "scope_id", type=ScopeParam(), help="Förbundet som handlingen finns hos.")
@click.option("--agreement", "agreement_id", type=click.UUID, help="Handlingen som underskrifterna hör till.")
@click.option("--json", "as_json", is_flag=True)
@sentences
def import_trail(file: Path, scope_id: ScopeId | None, agreement_id: uuid.UUID | None, as_json: bool) -> None:
    """Läs sidan med underskrifter ur en textfil: vilka, när, hur, och vad som är konstigt.

    Inget sparas, om inte --tenant och --agreement säger var: då räknas underskrifterna för dem som spåret nämner.
    Slutar med 0 när underskrifterna är lästa, också med anmärkningar, och 2 när det inte är en sådan sida.
    """
    if (scope_id is None) != (agreement_id is None):
        raise SettingsError("Ange både --tenant och --agreement, eller ingen av dem.")
    content = file.read_bytes()
    try:
        trail = read_trail_bytes(content)
    except TrailFault as fault:
        raise SettingsError(f"{file}: {fault}") from None
    if as_json:
        click.echo(json.dumps(as_data(trail), ensure_ascii=False, indent=1))
    else:
        for line in told(trail):
            click.echo(line)
    if scope_id is not None and agreement_id is not None:
        click.echo(_keep(scope_id, agreement_id, trail, content), err=as_json)


def _keep(scope_id: ScopeId, agreement_id: uuid.UUID, trail: Trail, content: bytes) -> str:
    """Take the signatures in; the sentence that says what came of it."""
    if scope_id.huvudman is not None:
        raise SettingsError("Handlingar som flera skriver under finns hos förbundet: ange bara det.")
    with installation() as (settings, _running):
        known_scope(settings, scope_id)
        with create_app(settings).app_context():
            try:
                with scope(scope_id) as opened:
                    opened.facts["role"] = "operator"
                    counted, left = service.import_trail(agreement_id, trail, content)
            except service.AgreementFault as fault:
                raise SettingsError(str(fault)) from None
    return f"{counted} underskrifter är inlästa, {left} saknas."


@agreement.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--root", "roots", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--seal-root", "seals", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@sentences
def agreement_verify(file: Path, roots: tuple[Path, ...], seals: tuple[Path, ...]) -> None:
    """Pröva en underskriven handling, eller ett kvitto, utan nät, databas eller server.

    Slutar med 0 bara när allt stämmer.
    """
    home = default_home()
    pinned = _pinned(roots or (home / "eid" / "test-root.pem",), "--root")
    sealing = _pinned(seals or (home / FOLDER / ROOT,), "--seal-root") if file.suffix != ".json" else []
    report = verify(file.read_bytes(), roots=pinned, seals=sealing)
    for line in report.lines:
        click.echo(line)
    sys.exit(0 if report.ok else 1)


def _pinned(paths: tuple[Path, ...], option: str) -> list[bytes]:
    found = [path.read_bytes() for path in paths if path.exists()]
    if not found:
        raise SettingsError(f"Inget rotcertifikat att pröva mot: ange det med {option} FIL.")
    return found


def as_data(trail: Trail) -> dict[str, Any]:
    """A trail as JSON data; times in ISO 8601, UTC and Swedish."""
    return {
        "signers": [
            {
                "line": one.line,
                "name": one.name,
                "details": list(one.details),
                "role": one.role,
                "signature_id": one.signature_id,
                "stated": one.stated_text,
                "utc": one.at.isoformat() if one.at else None,
                "swedish_time": one.in_sweden.isoformat() if one.in_sweden else None,
                "method": one.method,
                "transaction_id": one.transaction_id,
                "country": one.country,
            }
            for one in trail.signers
        ],
        "outside": [
            {"line": one.line, "name": one.name, "organisation": one.organisation} for one in trail.outside
        ],
        "pages_before": trail.pages_before,
        "legend": list(trail.legend),
        "document_ids": list(trail.document_ids),
        "digests": list(trail.digests),
        "remarks": [
            {"code": one.code, "lines": list(one.lines), "sentence": one.sentence} for one in trail.remarks
        ],
    }


def told(trail: Trail) -> list[str]:
    """A trail in Swedish, line by line: the signers, who stands outside, the remarks."""
    signed = "1 underskrift" if len(trail.signers) == 1 else f"{len(trail.signers)} underskrifter"
    before = f", {trail.pages_before} sidor före sidan med spåret" if trail.pages_before is not None else ""
    lines = [f"{signed} i spåret, {len(trail.outside)} utanför{before}."]
    for nth, one in enumerate(trail.signers, 1):
        lines += ["", f"{nth}. {one.name or '(namn saknas)'}"]
        lines += [f"   {detail}" for detail in one.details]
        if one.in_sweden is not None:
            swedish = one.in_sweden.isoformat(sep=" ", timespec="seconds")
            lines.append(f"   {swedish} (spåret: {one.stated_text})")
        else:
            lines.append(f"   spåret: {one.stated_text}")
        lines.append(f"   underskrift {one.signature_id}")
        if one.method:
            lines.append(f"   {one.method}, transaktion {one.transaction_id}, {one.country}")
    if trail.outside:
        lines += ["", "Utanför spåret:"]
        lines += [", ".join(filter(None, (f"   {one.name}", one.organisation))) for one in trail.outside]
    if trail.remarks:
        lines += ["", f"Anmärkningar: {len(trail.remarks)}"]
        lines += [f"- {_places(one.lines)}{one.sentence}" for one in trail.remarks]
    return lines


def _places(lines: tuple[int, ...]) -> str:
    return f"rad {', '.join(map(str, lines))}: " if lines else ""
