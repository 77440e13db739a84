"""What every page's frame shows: the förbund, where I am, who I am and as what, and at most six ways on."""

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, current_app, g

MOST_NAV_ITEMS = 6


@dataclass(frozen=True)
class NavItem:
    """One item of the navigation row: `count` is how many things wait there (None shows nothing)."""

    label: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass
class Page:
    """The frame of one page. Every value has a default: an error page can be shown with nothing known.

    `forbund_class` is a class of the colour sheet (assets.set_colours), `where` the insats or huvudman,
    `who` the person's name, `as_what` the role in words. `own_ways` are pages about the person's own login,
    beside the navigation; `switch_url` is where a form posts to come in as another account. `languages` are
    the codes offered to change to; fewer than two hide the choice.
    """

    title: str = ""
    forbund_name: str = "Stegvis"
    forbund_class: str = ""
    where: str = ""
    who: str = ""
    as_what: str = ""
    nav: list[NavItem] = field(default_factory=list)
    own_ways: list[NavItem] = field(default_factory=list)
    switch_url: str = ""
    logout_url: str = ""
    home_url: str = "/"
    language: str = ""
    languages: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise ValueError when the navigation has more items than a tired person takes in."""
        if len(self.nav) > MOST_NAV_ITEMS:
            labels = ", ".join(item.label for item in self.nav)
            raise ValueError(f"Menyn har {len(self.nav)} val, högst {MOST_NAV_ITEMS} får plats: {labels}")


PageSource = Callable[[], Page]


def page() -> Page:
    """Return the frame of the page being made; a view may change it (`page().title = ...`).

    Made once a request by the source that `set_page_source` named; a bare Page before that.
    """
    current: Page | None = g.get("stegvis_page")
    if current is None:
        # A bare page first: a source that fails must leave something for the error page to stand in.
        g.stegvis_page = Page()
        source: PageSource | None = current_app.extensions.get("stegvis.web.page_source")
        current = g.stegvis_page = source() if source else Page()
    return current


def set_page_source(app: Flask, source: PageSource) -> None:
    """Let `source` make the frame of each request; called once, when the app is put together."""
    app.extensions["stegvis.web.page_source"] = source


def init_app(app: Flask) -> None:
    """Give every template `page`."""

    @app.context_processor
    def frame_context() -> dict[str, Page]:
        made = page()
        made.check()
        return {"page": made}
