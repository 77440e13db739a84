"""`stegvis agreement`: documents signed by several, read in from files."""

import json
from pathlib import Path
from typing import Any

import click

from stegvis.config import SettingsError
from stegvis.forbund.agreements.trail import Trail, TrailFault, read_trail_bytes
from stegvis.local.command_line import sentences


@click.group()
def agreement() -> None:
    """Ansökningar och överenskommelser."""


@agreement.command("import-trail")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@sentences
def import_trail(file: Path, as_json: bool) -> None:
    """Läs sidan med underskrifter ur en textfil: vilka, när, hur, och vad som är konstigt. Inget sparas.

    Slutar med 0 när underskrifterna är lästa, också med anmärkningar, och 2 när det inte är en sådan sida.
    """
    try:
        trail = read_trail_bytes(file.read_bytes())
    except TrailFault as fault:
        raise SettingsError(f"{file}: {fault}") from None
    if as_json:
        click.echo(json.dumps(as_data(trail), ensure_ascii=False, indent=1))
    else:
        for line in told(trail):
            click.echo(line)


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
