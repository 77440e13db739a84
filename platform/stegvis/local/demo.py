"""`./run demo`: everything started on one machine, with made-up people; Ctrl-C stops what it started."""

import json
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.error import URLError

from stegvis.app import create_app
from stegvis.config import Settings
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.local import demo_data
from stegvis.local.demo_data import DemoPerson
from stegvis.local.eid_setup import set_up_eid
from stegvis.local.home import alone, default_home, prepare, print_line
from stegvis.local.installation import installation
from stegvis.local.processes import Supervisor, require_free_port
from stegvis.local.servers import wipe
from testlegitimation.names import work_id_of

WORKERS = ("fb", "hm", "pub")
START_SECONDS = 30.0
DEMO_LOCK = "demo.lock"


@dataclass(frozen=True)
class Demo:
    """A running demo."""

    settings: Settings
    people: tuple[DemoPerson, ...]
    supervisor: Supervisor

    def base(self) -> dict[str, str]:
        """The address of each förbund, by its id."""
        directory = load_directory(self.settings.tenants_dir, self.settings.prefix)
        return {one.id: self.settings.base_url(one.forbund.hosts[0]) for one in directory}


@contextmanager
def running_demo(
    *,
    home: Path | None = None,
    port: int | None = None,
    fresh: bool = False,
    progress: Callable[[str], None] = print_line,
    durable: bool = True,
) -> Iterator[Demo]:
    """Start the whole demo and give it while open. Raises LocalError and the others with a sentence."""
    home = home or default_home()
    if fresh:
        wipe(home)
    taken = (
        f"En demo kör redan i {home}, så ingen till startades. Avsluta den först (Ctrl-C där den startades)."
    )
    with (
        alone(prepare(home) / DEMO_LOCK, taken),
        installation(home, port=port, progress=progress, durable=durable) as (settings, _servers),
    ):
        require_free_port(settings.port)
        require_free_port(settings.port + 10)
        app = create_app(settings)
        with app.app_context():
            progress("Läser in påhittade personer ...")
            people = tuple(demo_data.load(app))
        directory = load_directory(settings.tenants_dir, settings.prefix)
        arguments = set_up_eid(settings, directory, [_eid_person(one) for one in people])
        logs = home / "logs"
        logs.mkdir(exist_ok=True)
        with Supervisor(logs, progress=progress) as supervisor:
            _start(supervisor, settings, arguments)
            demo = Demo(settings, people, supervisor)
            write_demo_file(demo)
            yield demo


def write_demo_file(demo: Demo) -> None:
    """Write `<home>/demo.json`: the addresses and as whom to log in."""
    content = {"base": demo.base(), "people": [asdict(one) for one in demo.people]}
    path = demo.settings.home / "demo.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    fresh.replace(path)


def web_command(port: int, application: str = "stegvis.wsgi:app") -> list[str]:
    """How the web is started: without access log, since an address may carry an id or a searched name."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "2", "--blocking-threads", "4", "--backlog", "256", "--no-ws", "--log-level", "warning",
        application,
    ]  # fmt: skip


def _start(supervisor: Supervisor, settings: Settings, eid_arguments: list[str]) -> None:
    environment = {"STEGVIS_ROOT": str(settings.root), "STEGVIS_HOME": str(settings.home)}
    python = sys.executable
    supervisor.start(
        "testlegitimation",
        [python, *eid_arguments],
        env=environment,
        ready=lambda: _answers(f"{settings.eid_issuer}/healthz"),
        patience=START_SECONDS,
    )
    for kind in WORKERS:
        supervisor.start(f"worker-{kind}", [python, "-m", "stegvis.worker", kind], env=environment)
    supervisor.start(
        "webb",
        web_command(settings.port),
        env=environment,
        ready=lambda: _answers(f"http://127.0.0.1:{settings.port}/readyz"),
        patience=START_SECONDS,
    )


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - our own loopback address
            return int(answer.status) == 200
    except (URLError, OSError):
        return False


def _eid_person(one: DemoPerson) -> dict[str, str]:
    given, _, family = one.name.partition(" ")
    return {
        "personnummer": one.personnummer,
        "given_name": given,
        "family_name": family,
        "note": f"{one.role}, {one.tenant}",
        "work_id": "" if one.role == "deltagare" else work_id_of(one.personnummer),
    }
