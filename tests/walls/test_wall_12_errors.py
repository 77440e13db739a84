"""Wall 12: an error tells what happened and where, and carries nobody out.

H: a CHECK violation quoted the row in PostgreSQL's log, in the application's, and in the queue, compressed and
for ever. C: one place turns database errors into code, table and constraint; the server's log is told to be
short; logs hold types and places, never text; a value of the wrong kind is stopped before SQL. Real servers,
real processes; whatever they wrote is searched, in every form that it could have.
"""

import base64
import dataclasses
import json
import os
import re
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis
import requests
import sqlalchemy as sa
from flask import Flask

from stegvis.app import create_app
from stegvis.config import Database, Settings, find_root
from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy import DatabaseFault, scope, session
from stegvis.ground.tenancy.models import db, now
from stegvis.local.demo import web_command
from stegvis.local.installation import set_up
from stegvis.local.servers import Servers, servers, wipe
from walls.faults import CANARIES, FAULTS, VAULT, WORDS

pytestmark = pytest.mark.walls

ROOT = find_root()
PATIENCE = 120.0
PLANTED = "Planterad Plantersson"


@dataclass
class Own:
    """An installation on servers of its own, and everything that its processes wrote."""

    home: Path
    running: Servers
    settings: Settings
    app: Flask

    def environment(self) -> dict[str, str]:
        """What its processes are started with."""
        path = os.pathsep.join([str(ROOT / "platform"), str(ROOT / "tests")])
        own = {"STEGVIS_HOME": str(self.home), "STEGVIS_ROOT": str(ROOT), "PYTHONPATH": path}
        return os.environ | own

    def start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a program whose output goes to `<name>.log`."""
        with self.log(name).open("wb") as out:
            return subprocess.Popen(command, env=self.environment(), stdout=out, stderr=out)

    def log(self, name: str) -> Path:
        """Where the output of a program lies."""
        return self.home / f"{name}.log"

    def lines(self, name: str, event: str) -> list[dict[str, Any]]:
        """The structured lines of a program about one kind of event."""
        told = [json.loads(one) for one in self.log(name).read_text().splitlines() if one.startswith("{")]
        return [one for one in told if one["event"] == event]

    @property
    def server_log(self) -> Path:
        """PostgreSQL's own log."""
        return self.home / "postgres.log"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    """Servers and an installation of this module's own: their logs and their queue are searched."""
    home = tmp_path_factory.mktemp("errors")
    with servers(home, progress=lambda line: None, durable=False, always=True) as running:
        settings = set_up(home, running, progress=lambda line: None, prefix="w12", name="w12")
        made = create_app(settings, levels=("forbund", "huvudman", "publicering"))
        yield Own(home, running, settings, made)
        with made.app_context():
            for engine in db.engines.values():
                engine.dispose()
    wipe(home)


def wait_for(reached: Callable[[], bool], what: str) -> None:
    """Wait until something has happened; the machine may be slow, so patience is long."""
    ends = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < ends, f"waited in vain: {what}"
        time.sleep(0.1)


def forms_of(raw: bytes) -> Iterator[bytes]:
    """A value as it is, and unpacked in every way in which the queue packs."""
    yield raw
    for packed in (raw, *re.findall(rb"[A-Za-z0-9+/]{16,}={0,2}", raw)):
        for unpack in (zlib.decompress, lambda one: zlib.decompress(base64.b64decode(one))):
            try:
                yield unpack(packed)
            except (ValueError, zlib.error):
                continue


def told_of(words: Iterable[str], raws: Iterator[bytes]) -> list[str]:
    """The words that stand in something, also escaped as JSON, a bare terminal and an address do it."""
    wanted = {
        one: {one.encode(), json.dumps(one)[1:-1].encode(), quote(one).encode(), one.encode("latin-1"),
              one.encode("ascii", "backslashreplace")}
        for one in words
    }  # fmt: skip
    texts = [form for raw in raws for form in forms_of(raw)]
    return [one for one, ways in wanted.items() if any(way in text for way in ways for text in texts)]


def in_broker(own: Own) -> Iterator[bytes]:
    """Every key and value that Valkey holds."""
    broker: redis.Redis = own.app.extensions["stegvis.broker"]
    readers = {
        b"string": broker.get,
        b"hash": broker.hgetall,
        b"list": lambda key: broker.lrange(key, 0, -1),
        b"set": broker.smembers,
        b"zset": lambda key: broker.zrange(key, 0, -1),
        b"stream": broker.xrange,
    }
    for key in broker.scan_iter():
        yield key
        yield from pieces(readers.get(broker.type(key), broker.exists)(key))


def pieces(value: Any) -> Iterator[bytes]:
    """The bytes in an answer of Valkey, however deep."""
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, list | tuple | set):
        for one in value:
            yield from pieces(one)


def ever_in_broker(own: Own) -> Iterator[bytes]:
    """Everything that was ever written to Valkey, also what is gone since: its append-only files."""
    for path in own.running.valkey.data.rglob("*.aof"):
        raw = path.read_bytes()
        for found in re.finditer(rb"\$(\d+)\r\n", raw):
            yield raw[found.end() : found.end() + int(found[1])]


def faulty(name: str) -> list[str]:
    return [sys.executable, str(ROOT / "tests" / "walls" / f"{name}.py")]


@pytest.fixture(scope="module")
def web(own: Own) -> Iterator[str]:
    """The address of the real web, in which some pages fail."""
    port = unused_port()
    process = own.start("web", web_command(port, "walls.faulty_web:app"))
    address = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(f"{address}/readyz"), "the web")
    yield address
    process.terminate()
    process.wait(timeout=20)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def ask(address: str, path: str, **headers: str) -> requests.Response:
    """Ask the web."""
    return requests.get(f"{address}{path}", headers={"Host": "gavleborg.localhost"} | headers, timeout=60)


@pytest.fixture(scope="module")
def asked(own: Own, web: str) -> dict[str, requests.Response]:
    """Every fault in the web."""
    return {name: ask(web, f"/prov/{name}") for name in FAULTS}


def test_in_the_web_each_fault_happened_and_told_nothing(
    own: Own, asked: dict[str, requests.Response]
) -> None:
    assert {name: one.status_code for name, one in asked.items()} == dict.fromkeys(FAULTS, 500)
    faults = {line["request"]: line for line in own.lines("web", "unhandled")}
    seen = {name: faults[one.headers["X-Request-Id"]].get("sqlstate") for name, one in asked.items()}
    assert seen == {name: state or None for name, (_, state) in FAULTS.items()}
    said = (part for one in asked.values() for part in (one.content, str(one.headers).encode()))
    assert told_of(CANARIES, said) == []
    assert told_of(CANARIES, iter([own.log("web").read_bytes()])) == []


def test_the_page_and_the_log_have_one_number(own: Own, web: str) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        answer = ask(web, "/prov/own", **headers)
        number = answer.headers["X-Request-Id"]
        assert f"Felnummer {number}" in " ".join(answer.text.split())
        ours = [line for line in own.lines("web", "unhandled") if line["request"] == number]
        assert [(line["fault"], line["at"][-1].split(":")[0]) for line in ours] == [
            ("ValueError", "faults.py")
        ]
    lost = ask(web, "/finns-inte")
    assert (lost.status_code, "Felnummer" in lost.text) == (404, False)


@pytest.mark.parametrize("where", ["efter", "rester", "strom"])
def test_what_fails_outside_the_page_tells_nothing_either(own: Own, web: str, where: str) -> None:
    said = b""
    try:
        said = ask(web, f"/prov/{where}").content
    except requests.exceptions.ChunkedEncodingError:
        assert where == "strom"
    assert told_of(CANARIES, iter([said, own.log("web").read_bytes()])) == []
    told = own.log("web").read_text()
    events = {"efter": "library", "rester": "unanswered", "strom": "answer_broken"}
    assert f'"event": "{events[where]}"' in told


def test_no_address_is_logged(own: Own, web: str) -> None:
    """Neither an id nor what somebody searched for; the page itself may say again what it was asked."""
    for path in ("/insatser/Kanarie", f"/prov/own?q={quote(WORDS)}", f"/logga-in?vidare=/{quote(WORDS)}"):
        ask(web, path)
    rules = {line["rule"] for line in own.lines("web", "request")}
    assert "/insatser/<insats_id>" in rules or any(rule and "<" in rule for rule in rules)
    assert "?" not in "".join(rule or "" for rule in rules)
    assert told_of((*CANARIES, "q="), iter([own.log("web").read_bytes()])) == []


@pytest.fixture(scope="module")
def worked(own: Own) -> dict[str, str]:
    """Every fault in a job, tried until the queue gave up; outbox id of each."""
    rows: dict[str, str] = {}
    with own.app.app_context():
        for name in FAULTS:
            with scope(VAULT):
                jobs.add("prov.fel", {"fel": name}, f"prov-{name}")
            with scope(VAULT):
                table = jobs.OUTBOXES["huvudman"]
                row = session().scalars(sa.select(table).where(table.key == f"prov-{name}")).one()
                # Handed over long after this test, as the sweep sees it: nothing is tried once more meanwhile.
                row.handed_at = now() + timedelta(hours=1)
                rows[name] = str(row.id)
    process = own.start("worker", [*faulty("faulty_worker"), "hm"])
    tries = len(rows) * (jobs.RETRIES + 1)
    wait_for(lambda: len(own.lines("worker", "job_failed")) == tries, "all jobs to fail")
    process.terminate()
    process.wait(timeout=60)
    return rows


def test_in_a_job_each_fault_happened_and_told_nothing(own: Own, worked: dict[str, str]) -> None:
    seen = {(line["outbox"], line.get("sqlstate")) for line in own.lines("worker", "job_failed")}
    assert seen == {(worked[name], state or None) for name, (_, state) in FAULTS.items()}
    assert told_of(CANARIES, iter([own.log("worker").read_bytes()])) == []
    assert told_of(CANARIES, in_broker(own)) == []
    assert told_of(CANARIES, ever_in_broker(own)) == []


def test_what_the_queue_keeps_of_a_failure_is_short_and_for_an_hour(own: Own, worked: dict[str, str]) -> None:
    broker: redis.Redis = own.app.extensions["stegvis.broker"]
    ours = set(worked.values())
    kept = [key for key in broker.scan_iter("rq:*") if key.decode().split(":")[-1] in ours]
    kinds = {key.decode().rsplit(":", 1)[0] for key in kept}
    assert kinds == {"rq:job", "rq:results"} and len(kept) == 2 * len(ours)
    assert all(0 < broker.ttl(key) <= 3600 for key in kept), {key: broker.ttl(key) for key in kept}
    results = [form for key in kept if b"results" in key for raw in pieces(broker.xrange(key))
               for form in forms_of(raw)]  # fmt: skip
    assert b"se loggen" in results
    assert [one for one in results if b"Traceback" in one] == []


@pytest.fixture(scope="module")
def commanded(own: Own) -> dict[str, subprocess.CompletedProcess[str]]:
    """Every fault on the command line."""
    return {
        name: subprocess.run(
            [*faulty("faulty_cli"), "prov", name],
            env=own.environment(), capture_output=True, text=True, timeout=120,
        )
        for name in FAULTS
    }  # fmt: skip


def test_on_the_command_line_each_fault_is_a_sentence_with_a_number(
    commanded: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    for name, done in commanded.items():
        assert (done.returncode, done.stdout) == (1, ""), (name, done.stderr)
        line, sentence = done.stderr.splitlines()
        told = json.loads(line)
        assert (told["event"], told.get("sqlstate", "")) == ("command_failed", FAULTS[name][1])
        assert sentence.startswith(
            f"Kommandot avbröts av ett fel som ingen har förutsett. Felnummer {told['number']} "
        )
        assert told_of(CANARIES, iter([done.stderr.encode()])) == []


@pytest.mark.usefixtures("asked", "worked", "commanded")
def test_the_servers_log_tells_of_the_faults_and_of_nobody(own: Own) -> None:
    log = own.server_log.read_text()
    for what in (
        'null value in column "name_sealed" of relation "account" violates not-null constraint',
        'violates check constraint "ck_account_kind"',
        'duplicate key value violates unique constraint "uq_account_number_hash_kind"',
        "canceling statement due to statement timeout",
        "deadlock detected",
    ):
        assert log.count(what) >= 3, what
    assert told_of((*CANARIES, "DETAIL", "STATEMENT"), iter([log.encode()])) == []


def test_the_search_finds_what_is_there(own: Own) -> None:
    """Another name, planted once in each place that was searched, in the ways that it could get there."""
    planted = ["Planterad"]
    broker: redis.Redis = own.app.extensions["stegvis.broker"]
    packed = base64.b64encode(zlib.compress(PLANTED.encode()))
    broker.xadd("rq:results:planterad", {"exc_string": packed, "type": "2"})
    assert told_of(planted, in_broker(own)) == planted
    broker.delete("rq:results:planterad")
    assert told_of(planted, in_broker(own)) == []
    assert told_of(planted, ever_in_broker(own)) == planted
    # A cast in SQL is the one case that no setting keeps out of the server's log.
    with own.app.app_context(), pytest.raises(DatabaseFault, match="sqlstate=22P02") as error, scope(VAULT):
        session().execute(sa.select(sa.cast(sa.literal(PLANTED), sa.Integer)))
    assert PLANTED not in str(error.value)
    assert told_of(planted, iter([own.server_log.read_bytes()])) == planted
    assert told_of(planted, iter([json.dumps(PLANTED).encode(), zlib.compress(PLANTED.encode())])) == planted


def test_a_database_that_does_not_answer_tells_nothing(own: Own) -> None:
    """Neither the login's name nor where the server is: a scope says code and nothing else."""
    gone = own.home / "nowhere"
    elsewhere = Database(str(gone), 5432, "w12", own.settings.database.passwords)
    app = create_app(dataclasses.replace(own.settings, database=elsewhere))
    with app.app_context(), pytest.raises(DatabaseFault) as error, scope(VAULT):
        raise AssertionError("opened")
    assert str(error.value) == "sqlstate=????? table=None constraint=None"
    assert error.value.__cause__ is None and error.value.__suppress_context__
