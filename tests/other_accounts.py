"""Accounts given and taken, and a person opened with a reason, page by page."""

from collections.abc import Callable

from stegvis.identity.access.rights import OPEN_WITH_REASON, VAULT_ADMIN
from visiting import People, Visitor, fresh_number

Browse = Callable[..., Visitor]


def accounts_and_a_reason(people: People, browser: Browse, person: str) -> None:
    """Somebody is invited, another gets a right, loses it, is renewed and ended; a person is opened with a reason."""
    keeper = browser(people.account("personal", VAULT_ADMIN))
    keeper.get("/konton/ny")
    typed: dict[str, str | list[str]] = {
        "namn": "Prov Inbjuden",
        "nummer": fresh_number(),
        "ratt": ["handledare"],
    }
    keeper.send("/konton/ny/kontroll", typed)
    keeper.send("/konton/ny")
    keeper.get("/konton")
    keeper.send("/ta-tillbaka")
    other = people.remittent()
    address = f"/konton/{other.account}"
    keeper.get(address)
    keeper.send("/ratter/ta")
    keeper.send("/ratter/ge", {"ratt": "remittera"})
    keeper.send("/fornya", {"kontakt": "Exempel Chefsson"})
    keeper.send("/avsluta")
    opener = browser(people.account("personal", OPEN_WITH_REASON))
    opener.get(f"{person}/skal")
    opener.send("/skal", {"skal": "vikarie", "ord": "Jag ersätter en kollega i dag."})
    searcher = browser(people.handledare())
    searcher.get("/sok")
    searcher.send("/sok", {"ord": "Tes"})
