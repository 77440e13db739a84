"""Läget: every insats in one row, from what has crossed and what the plugins promise; sorted by what needs me."""

from dataclasses import dataclass
from datetime import date

from stegvis.forbund.agreements import service as agreements
from stegvis.forbund.reports import service as reports
from stegvis.ground.day import today
from stegvis.ground.tenancy import InsatsInstance
from stegvis.ground.tenancy.scope import current
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import ask, subject
from stegvis.identity.audit import service as audit
from stegvis.insats.report import Period, periods
from stegvis.plugin_host.service import definition_of
from stegvis.publishing.content import due_on

# What needs the förbund first.
NEEDS = ("olast", "sen", "aterlamnad", "vantar", "ingen")


@dataclass(frozen=True)
class Late:
    """A report that should have been in: whose, for which period, and since when."""

    huvudman_name: str
    period: Period
    due: date


@dataclass(frozen=True)
class Row:
    """One insats. `total` is since the start and as of `as_of`; None before any report has crossed.

    `running` is coming, running or ended; `need` one of NEEDS; `newest` the newest report of each huvudman.
    """

    instance: InsatsInstance
    running: str
    total: int | None
    target: int | None
    as_of: date | None
    time_share: int | None
    newest: tuple[reports.Opened, ...]
    late: tuple[Late, ...]
    need: str

    @property
    def unread(self) -> tuple[reports.Opened, ...]:
        """Reports that nobody here has opened."""
        return tuple(one for one in self.newest if one.row.opened_at is None and one.row.status == "mottagen")

    @property
    def returned(self) -> tuple[reports.Opened, ...]:
        """Reports that wait for completion."""
        return tuple(one for one in self.newest if one.row.status == "aterlamnad")


def overview() -> list[Row]:
    """Every insats of the förbund. The same number of statements however many there are."""
    ask(Action.FORBUND, subject(), "insats")
    instances = current().forbund.insats
    ids = [one.id for one in instances]
    newest, in_time = reports.newest_of_each(ids), reports.received_periods(ids)
    rows = [_row(one, newest, in_time) for one in instances]
    audit.record("lista", "insats", antal=len(rows))
    return sorted(rows, key=lambda row: (NEEDS.index(row.need), row.instance.name.casefold()))


def unsigned() -> list[agreements.Listed]:
    """Agreements that lack signatures and are due."""
    return agreements.due_soon()


def _row(
    instance: InsatsInstance,
    newest: dict[tuple[str, str], reports.Opened],
    in_time: set[tuple[str, str, date, date]],
) -> Row:
    own = tuple(newest[instance.id, one] for one in instance.huvudmen if (instance.id, one) in newest)
    late = tuple(_late(instance, in_time))
    running = _running(instance)
    row = Row(
        instance=instance,
        running=running,
        total=_total(own),
        target=_target(instance),
        as_of=max((one.row.period_to for one in own), default=None),
        time_share=_time_share(instance),
        newest=own,
        late=late,
        need="ingen",
    )
    need = "olast" if row.unread else "sen" if late else "aterlamnad" if row.returned else "vantar"
    if need == "vantar" and running != "running":
        need = "ingen"
    return Row(**{**row.__dict__, "need": need})


def _total(own: tuple[reports.Opened, ...]) -> int | None:
    """Everybody who has taken part, added over the huvudmän that have reported."""
    told = [
        row.since_start
        for one in own
        for row in one.payload.figures
        if row.id == "total" and isinstance(row.since_start, int)
    ]
    return sum(told) if told else None


def _target(instance: InsatsInstance) -> int | None:
    goals = definition_of(instance).goals.goal
    volume = next((goal.target for goal in goals if goal.measure == "volume" and goal.target), None)
    return volume or instance.places


def _running(instance: InsatsInstance) -> str:
    if instance.starts is not None and today() < instance.starts:
        return "coming"
    return "ended" if instance.ends is not None and instance.ends < today() else "running"


def _time_share(instance: InsatsInstance) -> int | None:
    if instance.starts is None or instance.ends is None:
        return None
    whole = (instance.ends - instance.starts).days + 1
    passed = min(max((today() - instance.starts).days + 1, 0), whole)
    return round(100 * passed / whole)


def _late(instance: InsatsInstance, in_time: set[tuple[str, str, date, date]]) -> list[Late]:
    """The newest period whose report should be in, for each huvudman that has sent neither it nor a later one.

    What ended before the service came is not asked for: an insats that is over since a year, and a period
    before the newest one of a huvudman that has never reported here.
    """
    template = next(iter(definition_of(instance).reports.values()), None)
    if template is None or instance.starts is None:
        return []
    last = instance.ends or date(today().year + 1, 12, 31)
    due = [one for one in periods(template.cadence, instance.starts, last) if due_on(one.end) < today()]
    if not due or (instance.ends is not None and (today() - instance.ends).days > 366):
        return []
    period = due[-1]
    over = [one for one in periods(template.cadence, instance.starts, last) if one.end < today()]
    found = []
    for huvudman in instance.huvudmen:
        sent = [end for insats, whose, _start, end in in_time if (insats, whose) == (instance.id, huvudman)]
        asked = bool(sent) or period == over[-1]
        if asked and max(sent, default=date.min) < period.end:
            found.append(Late(reports.huvudman_name(huvudman), period, due_on(period.end)))
    return found
