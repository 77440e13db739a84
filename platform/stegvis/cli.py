"""`stegvis`: the command line. Bad input is one sentence on standard error and exit code 2."""

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from stegvis.app import create_app
from stegvis.config import SettingsError, find_root, read_settings
from stegvis.forbund.agreements import service as agreements
from stegvis.ground import logs
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.scope import scope, scopes
from stegvis.ground.tenancy.shell import open_shell
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.identity.accounts import administration
from stegvis.identity.audit import heads as audit_heads
from stegvis.identity.audit import service as audit_trail
from stegvis.identity.audit.heads import Head
from stegvis.identity.audit.service import Verdict
from stegvis.local.agreement_group import agreement
from stegvis.local.command_line import UNFORESEEN, ScopeParam, known_scope, sentences
from stegvis.local.consent_group import consent
from stegvis.local.doctor import examine, in_use
from stegvis.local.eid_group import eid
from stegvis.local.home import default_home
from stegvis.local.installation import installation, set_day
from stegvis.local.key_group import key
from stegvis.plugin_host import check as check_plugin
from stegvis.plugin_host.service import checked_registry
from stegvis.vault.consent.service import EVIDENCE, verify_evidence
from stegvis.vault.referrals.service import read_number


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Stegvis: uppföljning av insatser hos samordningsförbund."""


cli.add_command(key)
cli.add_command(eid)
cli.add_command(consent)
cli.add_command(agreement)


@cli.group()
def db() -> None:
    """Databasen."""


@db.command()
@click.option(
    "--scope", "scope_id", type=ScopeParam(), required=True, help="gavleborg eller gavleborg/sandviken"
)
@sentences
def shell(scope_id: ScopeId) -> None:
    """Öppna psql i ett scope, eller läs SQL från standard in."""
    with installation() as (settings, running):
        known_scope(settings, scope_id)
        sys.exit(open_shell(settings, scope_id, running.postgres.bin_dir / "psql"))


@cli.group()
def tenant() -> None:
    """Förbunden i tenants/."""


@tenant.command("check")
@sentences
def tenant_check() -> None:
    """Läs alla filer i tenants/ och säg vad som är fel, med fil och rad."""
    directory = load_directory(find_root() / "tenants")
    checked_registry(directory)
    click.echo(f"{len(list(directory))} förbund, inga fel.")


@tenant.command("apply")
@sentences
def tenant_apply() -> None:
    """Skapa nya förbund och huvudmän, uppdatera tabeller och rättigheter."""
    with installation(progress=click.echo):
        click.echo("Alla förbund är uppdaterade.")


@tenant.command("invite")
@click.option("--scope", "scope_id", type=ScopeParam(), required=True)
@click.option("--name", required=True, help="Personens namn.")
@click.option("--number", required=True, help="Tolv siffror.")
@sentences
def tenant_invite(scope_id: ScopeId, name: str, number: str) -> None:
    """Bjud in den första hos en huvudman (ansvarig för konton) eller ett förbund (förbundschef); gäller en gång.

    Hos en huvudman bara så länge ingen där ansvarar för konton: sedan är det den som bjuder in.
    """
    digits, fault = read_number(number)
    if fault:
        raise SettingsError(fault)
    with installation() as (settings, _running):
        known_scope(settings, scope_id)
        app = create_app(settings)
        with app.app_context(), scope(scope_id) as opened:
            token = administration.invite_first(digits, name)
            base = settings.base_url(opened.forbund.forbund.hosts[0])
        click.echo(f"{base}/inbjudan/{scope_id.huvudman or '-'}/{token}")


@cli.group()
def audit() -> None:
    """Spårbarheten: vem som har gjort och läst vad."""


@audit.command("verify")
@click.option("--scope", "scope_id", type=ScopeParam(), help="Bara ett scope.")
@click.option(
    "--head", "head_file", type=click.Path(path_type=Path), help="Ett huvud som lämnades ut tidigare."
)
@click.option("--json", "as_json", is_flag=True)
@sentences
def audit_verify(scope_id: ScopeId | None, head_file: Path | None, as_json: bool) -> None:
    """Pröva kedjorna av händelser och av bevis; nämner den första rad som inte stämmer, och vad som hänt den.

    Slutar med 0 när allt är helt, 1 när en kedja är bruten.
    """
    head = audit_heads.read(head_file, scope_id) if head_file else None
    scope_id = scope_id or (ScopeId.parse(head.scope) if head else None)
    found: list[dict[str, Any]] = []
    with installation() as (settings, _running):
        if scope_id is not None:
            known_scope(settings, scope_id)
        app = create_app(settings)
        with app.app_context():
            for one in [scope_id] if scope_id else scopes().living():
                if not one.publishing:
                    found += [{"scope": str(one), "chain": name} | asdict(verdict)
                              for name, verdict in verify_chains(one, head).items()]  # fmt: skip
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    for row in [] if as_json else found:
        told = "hel" if row["ok"] else row["fault"]
        click.echo(f"{row['scope']} {row['chain']}: {told}, {row['rows']} rader")
    sys.exit(0 if all(row["ok"] for row in found) else 1)


@audit.command("head")
@click.option("--scope", "scope_id", type=ScopeParam(), help="Bara ett scope.")
@click.option("--out", type=click.Path(path_type=Path), help="Fil att skriva huvudet till (ett scope).")
@sentences
def audit_head(scope_id: ScopeId | None, out: Path | None) -> None:
    """Lämna ut kedjornas huvud, för huvudmannens registrator; varje huvud får nästa löpnummer. Skrivs som JSON."""
    if out is not None and scope_id is None:
        raise SettingsError("Säg vilket scope som huvudet ska gälla, med --scope.")
    with installation() as (settings, _running):
        if scope_id is not None:
            known_scope(settings, scope_id)
        app = create_app(settings)
        with app.app_context():
            for one in [scope_id] if scope_id else scopes().living():
                if one.publishing:
                    continue
                with scope(one) as opened:
                    opened.facts["role"] = "operator"
                    head = audit_heads.hand_out()
                    if out is not None:
                        audit_heads.write(head, out)
                click.echo(head.model_dump_json() if out is None else f"{one}: huvud {head.number} i {out}")


def verify_chains(one: ScopeId, head: Head | None = None) -> dict[str, Verdict]:
    """Verify every chain of a scope, against a head that was handed out where there is one."""
    given = {name: chain.given for name, chain in head.chains.items()} if head else {}
    with scope(one):
        found = {audit_trail.TRAIL: audit_trail.verify(given.get(audit_trail.TRAIL))}
        if one.huvudman is not None:
            found[EVIDENCE] = verify_evidence(given.get(EVIDENCE))
        else:
            found[agreements.CHAIN] = agreements.verify_signatures(given.get(agreements.CHAIN))
    return found


@cli.group()
def insats() -> None:
    """Insatsernas pluginer."""


@insats.command("check")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@sentences
def insats_check(path: Path, as_json: bool) -> None:
    """Pröva allt i en plugins mapp; varje fel med fil, rad och en mening."""
    faults = check_plugin(path)
    if as_json:
        rows = [{"path": str(one.path), "line": one.line, "sentence": one.sentence} for one in faults]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for one in faults:
            click.echo(str(one))
        if not faults:
            click.echo("Inga fel.")
    sys.exit(2 if faults else 0)


@cli.command()
@click.option("--json", "as_json", is_flag=True)
@sentences
def doctor(as_json: bool) -> None:
    """Pröva servrar, filer och klocka; en rad för varje sak. Slutar med 0 bara när allt stämmer."""
    settings = read_settings(default_home())
    with in_use(settings) as admin:
        findings = examine(settings, admin)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], ensure_ascii=False, indent=1))
    else:
        for one in findings:
            click.echo(str(one))
    sys.exit(0 if all(one.ok for one in findings) else 1)


@cli.group()
def demo() -> None:
    """Den påhittade installationen på den här datorn."""


@demo.command("run")
@click.option("--fresh", is_flag=True, help="Börja om från början: allt som finns tas bort.")
@click.option("--port", type=click.IntRange(1024, 65000), help="Webbens port (8000 från början).")
@click.option(
    "--check", "check_only", is_flag=True, help="Gå igenom hela arbetet och skriv siffrorna som JSON."
)
@sentences
def demo_run(fresh: bool, port: int | None, check_only: bool) -> None:
    """Starta allt, och stoppa det med Ctrl-C."""
    # Wiring of the demo alone: the other commands need neither the rooms nor the made-up people.
    from stegvis.local.check import CheckFailed, check
    from stegvis.local.demo import running_demo

    with running_demo(port=port, fresh=fresh) as running:
        if check_only:
            try:
                click.echo(json.dumps(check(running), ensure_ascii=False, indent=1))
            except CheckFailed as failure:
                click.echo(str(failure), err=True)
                sys.exit(1)
            return
        _tell(running)
        try:
            running.supervisor.watch()
        except KeyboardInterrupt:
            click.echo("\nStoppar ...", err=True)


def _tell(running: Any) -> None:
    for forbund, address in running.base().items():
        click.echo(f"{forbund:15} {address}")
    click.echo("")
    for one in running.people:
        click.echo(f"{one.role:13} {one.name:28} {one.personnummer}  {one.start_url}")
    click.echo("\nAlla är påhittade. Logga in med testlegitimationen. Ctrl-C stoppar.")


@demo.command("day")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@sentences
def demo_day(day: datetime) -> None:
    """Flytta demons dag, till exempel 2024-04-15."""
    with installation() as (settings, _running):
        set_day(settings, day.date())
    click.echo(f"Dagen är nu {day.date().isoformat()}.")


def main() -> None:
    """The entry point. What nobody foresaw is one sentence with a number, exit code 1; the line has the same."""
    logs.report_last_words("command_ended")
    number = logs.new_number()
    try:
        cli(prog_name=Path(sys.argv[0]).name if sys.argv[0].endswith("stegvis") else "stegvis")
    except Exception as error:
        logs.report("command_failed", error, number=number)
    click.echo(UNFORESEEN.format(number=number), err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
