"""`stegvis key`: changing, copying and destroying the keys of one scope."""

import sys
from pathlib import Path

import click

from stegvis.config import SettingsError
from stegvis.ground.tenancy.names import ScopeId
from stegvis.local import key_commands
from stegvis.local.command_line import ScopeParam, known_scope, sentences
from stegvis.local.installation import installation


@click.group()
def key() -> None:
    """Nycklarna till en huvudmans eller ett förbunds uppgifter."""


@key.command("rotate")
@click.option("--scope", "scope_id", type=ScopeParam(), required=True)
@click.option("--master", is_flag=True, help="Byt nyckelfilen i stället för nycklarna under den.")
@sentences
def key_rotate(scope_id: ScopeId, master: bool) -> None:
    """Byt nycklar medan tjänsten går. Avbryts det: kör igen, så går det vidare."""
    with installation() as (settings, _running):
        known_scope(settings, scope_id)
        if master:
            lines = key_commands.new_key_file(settings, scope_id)
        else:
            done = key_commands.rotate(settings, scope_id, lambda line: click.echo(line, err=True))
            lines = key_commands.told(scope_id, done)
        click.echo("\n".join(lines))


@key.command("copies")
@click.option("--scope", "scope_id", type=ScopeParam(), required=True)
@click.option("--add", type=click.Path(dir_okay=False, path_type=Path), help="Anteckna en kopia.")
@click.option("--remove", type=click.Path(dir_okay=False, path_type=Path), help="Stryk en kopia ur listan.")
@sentences
def key_copies(scope_id: ScopeId, add: Path | None, remove: Path | None) -> None:
    """Var det finns kopior av nyckelfilen; de förstörs med den."""
    with installation() as (settings, _running):
        known_scope(settings, scope_id)
        click.echo("\n".join(key_commands.copies(settings, scope_id, add, remove)))


@key.command("destroy")
@click.option("--scope", "scope_id", type=ScopeParam(), required=True)
@click.option("--yes", "typed", help="Samma scope en gång till, för att slippa frågan.")
@sentences
def key_destroy(scope_id: ScopeId, typed: str | None) -> None:
    """Förstör nyckeln med alla kopior och ta bort schemat. Det går inte att ångra."""
    with installation() as (settings, _running):
        known_scope(settings, scope_id)
        for file in key_commands.destruction(settings, scope_id).check():
            click.echo(f"Förstörs: {file}", err=True)
        if typed is None:
            click.echo(
                f"Allt i {scope_id} blir oläsligt för alltid. Skriv {scope_id} för att göra det:", err=True
            )
            typed = sys.stdin.readline()
        if typed.strip() != str(scope_id):
            raise SettingsError(f"{scope_id} skrevs inte, så inget är förstört.")
        click.echo(key_commands.destroy(settings, scope_id))
