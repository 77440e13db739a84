"""`./run bench`: the caseload page against the bare WSGI floor, in one run on one server program."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from stegvis.local.check_steps import Walk
from stegvis.local.demo import running_demo
from stegvis.local.home import default_home
from stegvis.local.installation import DEMO_DAY
from stegvis.local.processes import Supervisor, require_free_port

CASELOAD = "/insats/karnhuset/personer"
FLOOR_PORT_ABOVE = 20


@dataclass(frozen=True)
class Measured:
    """Milliseconds of single requests, one after another, and how large each answer was."""

    what: str
    times: tuple[float, ...]
    size: int

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.times)

    @property
    def slow(self) -> float:
        """What one in twenty is slower than."""
        return statistics.quantiles(self.times, n=20)[-1]


def measure(what: str, rounds: int, fetch: Callable[[], requests.Response]) -> Measured:
    """Time `rounds` requests after a tenth as many that do not count."""
    for _ in range(max(1, rounds // 10)):
        size = len(fetch().content)
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        fetch()
        times.append((time.perf_counter() - began) * 1000)
    return Measured(what, tuple(times), size)


@contextmanager
def floor(port: int, logs: Path) -> Iterator[str]:
    """The bare WSGI program on the same server program as the web; gives its address."""
    require_free_port(port)
    address = f"http://127.0.0.1:{port}/"
    argv = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "2", "--blocking-threads", "4", "--backlog", "256", "--no-ws", "--log-level", "warning",
        "bench.floor:app",
    ]  # fmt: skip
    root = str(Path(__file__).parents[1])
    with Supervisor(logs, progress=lambda line: None) as supervisor:
        supervisor.start(
            "golv", argv, env={**os.environ, "PYTHONPATH": root}, ready=lambda: _answers(address)
        )
        yield address


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False


def machine() -> str:
    """What it ran on, in one line."""
    cores = os.cpu_count()
    return f"{platform.system()} {platform.machine()}, {cores} kärnor, Python {platform.python_version()}"


def run(rounds: int, home: Path, port: int | None) -> list[Measured]:
    """Measure everything; the floor first and last, so that a machine that got busier shows."""
    with running_demo(home=home, port=port, progress=lambda line: None) as demo:
        handledare = Walk(demo.settings, demo.base()["gavleborg"], demo.people, DEMO_DAY).logged_in(
            "handledare"
        )
        with floor(demo.settings.port + FLOOR_PORT_ABOVE, home / "logs") as address:
            bare = requests.Session()
            bare.trust_env = False

            def at_floor() -> requests.Response:
                return bare.get(address, timeout=10)

            return [
                measure("tomt WSGI-program", rounds, at_floor),
                measure("/healthz", rounds, lambda: handledare.fetch("/healthz")),
                measure(f"personlistan {CASELOAD}", rounds, lambda: handledare.fetch(CASELOAD)),
                measure("tomt WSGI-program igen", rounds, at_floor),
            ]


def table(found: list[Measured]) -> str:
    """The lines that are printed; the ratio is against the slower of the two runs of the floor."""
    bottom = max(found[0].median, found[-1].median)
    lines = [f"{'vad':38} {'median':>9} {'19 av 20':>9} {'gånger golvet':>14} {'byte':>8}"]
    for one in found:
        lines.append(
            f"{one.what:38} {one.median:6.2f} ms {one.slow:6.2f} ms {one.median / bottom:14.1f} {one.size:8}"
        )
    return "\n".join(lines)


def main() -> int:
    """Run and print; the name of another bench as the first word runs that instead."""
    others = ("walls", "scope_stress", "audit_chain", "signatures")
    if sys.argv[1:2] and sys.argv[1] in others:
        return int(importlib.import_module(f"bench.{sys.argv[1]}").main(sys.argv[2:]))
    parser = argparse.ArgumentParser(
        prog=f"./run bench [{'|'.join(others)}]", description="Mäter personlistan mot ett tomt program."
    )
    parser.add_argument("--rounds", type=int, default=300, help="frågor av varje slag (300)")
    parser.add_argument("--port", type=int, help="webbens port")
    told = parser.parse_args()
    print(machine())  # noqa: T201
    print(table(run(told.rounds, default_home(), told.port)))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
