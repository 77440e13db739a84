"""What the groups of `stegvis` share: errors as one sentence each, and the scope as it is written."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from stegvis.config import Settings, SettingsError
from stegvis.ground.definitions import DefinitionError
from stegvis.ground.keys import KeyFault
from stegvis.ground.keys.destruction import DestructionRefused
from stegvis.ground.keys.rotation import RotationFault
from stegvis.ground.tenancy.names import NameClash, ScopeId
from stegvis.ground.tenancy.provision import ProvisionError
from stegvis.ground.tenancy.shell import ShellError
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.identity.accounts.administration import AccountFault
from stegvis.identity.audit.heads import HeadFault
from stegvis.identity.eid.errors import ProviderConfigError
from stegvis.local.home import LocalError

UNFORESEEN = (
    "Kommandot avbröts av ett fel som ingen har förutsett. Felnummer {number} står på raden här ovanför: "
    "skicka den till den som utvecklar Stegvis. Den innehåller inga personuppgifter."
)
SENTENCES = (
    *(SettingsError, LocalError, NameClash, ProvisionError, ShellError, AccountFault),
    *(KeyFault, RotationFault, DestructionRefused, HeadFault, ProviderConfigError),
)


def sentences(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the errors that are made for people into one sentence each and exit code 2."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except DefinitionError as error:
            for fault in error.faults:
                click.echo(str(fault), err=True)
        except SENTENCES as error:
            click.echo(str(error), err=True)
        sys.exit(2)

    return run


class ScopeParam(click.ParamType):
    """A scope as it is written: gavleborg or gavleborg/sandviken."""

    name = "scope"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ScopeId:
        try:
            return ScopeId.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def known_scope(settings: Settings, scope_id: ScopeId) -> None:
    """Raise SettingsError, with what there is, for a scope that is not here."""
    directory = load_directory(settings.tenants_dir, settings.prefix)
    if not directory.knows(scope_id):
        written = ", ".join(str(one) for one in directory.scopes() if not one.publishing)
        raise SettingsError(f"Det finns inget scope {scope_id}. Här finns: {written}.")
