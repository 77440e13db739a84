"""`stegvis eid`: which e-ID providers there are and whether they answer; our keys at them."""

import json
import sys

import click

from stegvis.config import SettingsError, read_settings
from stegvis.ground.tenancy.names import ID_PATTERN
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.identity.eid.client_keys import ensure_client_key, public_jwks
from stegvis.identity.eid.rows import FOLDER
from stegvis.local.command_line import sentences
from stegvis.local.eid_report import report, row_faults
from stegvis.local.home import default_home


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
@sentences
def eid(context: click.Context, as_json: bool) -> None:
    """E-legitimationer: vilka som finns, vems de är och om de svarar.

    Slutar med 0 när alla svarar som de ska, 1 när någon inte gör det, 2 när en rad eller en hemlighet är fel.
    """
    if context.invoked_subcommand is not None:
        return
    settings = read_settings(default_home())
    directory = load_directory(settings.tenants_dir, settings.prefix)
    told = report(settings, directory)
    if as_json:
        click.echo(json.dumps([one.as_json() for one in told], ensure_ascii=False, indent=1))
    else:
        for one in told:
            click.echo(one.line())
    faults = row_faults(settings, directory)
    for fault in faults:
        click.echo(str(fault), err=True)
    sys.exit(2 if faults else 0 if all(one.reachable for one in told) else 1)


@eid.command("key")
@click.argument("name")
@click.option("--rsa", is_flag=True, help="RSA (RS256) i stället för P-256 (ES256).")
@sentences
def eid_key(name: str, rsa: bool) -> None:
    """Gör nyckeln NAME.jwk, om den inte finns, och skriv den öppna delen att registrera hos leverantören."""
    if not ID_PATTERN.fullmatch(name):
        raise SettingsError(f"{name} går inte: skriv små bokstäver, siffror och understreck.")
    folder = read_settings(default_home()).home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    key = ensure_client_key(folder / f"{name}.jwk", "RS256" if rsa else "ES256")
    click.echo(json.dumps(public_jwks([key]), indent=1))
