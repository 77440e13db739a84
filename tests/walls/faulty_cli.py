"""The real command line with one more command, which fails as it is told."""

import click

from stegvis.app import create_app
from stegvis.cli import cli, main
from stegvis.config import read_settings
from stegvis.ground.tenancy import scope
from walls.faults import FAULTS, VAULT


@cli.command("prov")
@click.argument("name")
def fail(name: str) -> None:
    """Fail in one of the known ways, in the scope of a vault."""
    with create_app(read_settings()).app_context(), scope(VAULT):
        FAULTS[name][0]()


if __name__ == "__main__":
    main()
