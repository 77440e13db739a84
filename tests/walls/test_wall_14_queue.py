"""Wall 14: whoever writes to the queue can at most ask for what was to be done anyway, and nothing is lost.

H: a job named `os.system` ran in a worker that holds keys; a killed broker or worker lost jobs. C: one job
function, whose work is read from the outbox under its scope; a sweep finds what was left. Real worker
processes, killed for real.
"""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from flask import Flask
from psycopg import sql
from rq import Callback, Queue, Repeat
from rq.serializers import JSONSerializer
from rq.webhook import Webhook

from stegvis.app import create_app
from stegvis.config import Settings, find_root
from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.models import db
from stegvis.local.installation import set_up, superuser
from stegvis.local.servers import Servers, servers, wipe

pytestmark = pytest.mark.walls

VAULT = "gavleborg/sandviken"
PATIENCE = 60.0
ROOT = find_root()


@dataclass
class Worker:
    """One running worker process and the file that its log goes to."""

    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """The structured lines so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def refusals(self) -> list[str]:
        """Why jobs were refused so far."""
        return [line["why"] for line in self.lines() if line["event"] == "job_refused"]


@dataclass
class Own:
    """An installation on servers of its own, which a test may kill."""

    home: Path
    running: Servers
    settings: Settings
    app: Flask
    workers: list[Worker] = field(default_factory=list)

    def start(self, kind: str, *, slow: bool = False) -> Worker:
        """Start a worker, as the launcher does."""
        log = self.home / f"worker-{len(self.workers)}.log"
        program = [ROOT / "tests" / "walls" / "slow_worker.py"] if slow else ["-m", "stegvis.worker"]
        environment = os.environ | {
            "STEGVIS_HOME": str(self.home),
            "STEGVIS_ROOT": str(ROOT),
            "STEGVIS_TEST_FOLDER": str(self.home),
            "PYTHONPATH": str(ROOT / "platform"),
        }
        with log.open("wb") as stream:
            process = subprocess.Popen([sys.executable, *program, kind], env=environment, stderr=stream)
        self.workers.append(Worker(process, log))
        return self.workers[-1]

    def queue(self, kind: str) -> Queue:
        """The queue as somebody sees it who can write to the broker."""
        broker: redis.Redis = self.app.extensions["stegvis.broker"]
        return Queue(kind, connection=broker, serializer=JSONSerializer)

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database past every wall."""
        with superuser(self.running.postgres, self.settings.database.name) as admin:
            cursor = admin.execute(sql.SQL(statement), list(values))  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Own]:
    """Servers and an installation of this module's own; the queue forces every write, as in the real one."""
    home = tmp_path_factory.mktemp("queue")
    with servers(home, progress=lambda line: None, durable=False, always=True) as running:
        settings = set_up(home, running, progress=lambda line: None, prefix="w14", name="w14")
        made = create_app(settings, levels=("forbund", "huvudman", "publicering"))
        yield Own(home, running, settings, made)
        with made.app_context():
            for engine in db.engines.values():
                engine.dispose()
    wipe(home)


@pytest.fixture
def inside(own: Own) -> Iterator[Own]:
    """An open application context, an empty queue; the workers that a test started end with it."""
    broker: redis.Redis = own.app.extensions["stegvis.broker"]
    for name in ("begun-*", "go"):
        for path in own.home.glob(name):
            path.unlink()
    with own.app.app_context():
        yield own
    for worker in own.workers:
        worker.process.kill()
        worker.process.wait()
    own.workers.clear()
    broker.flushdb()


def wait_for(reached: Callable[[], bool], what: str) -> None:
    """Wait until something has happened; the machine may be slow, so patience is long."""
    ends = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < ends, f"waited in vain: {what}"
        time.sleep(0.1)


def ask_for(numbers: range) -> None:
    """Write outbox rows of the kind that waits."""
    for number in numbers:
        with scope(VAULT):
            jobs.add("prov.vanta", {"nummer": number}, f"prov-{number}")


def done(own: Own, numbers: range) -> dict[int, int]:
    """How often each job's effect is in the trail."""
    rows = own.ask("SELECT details->>'nummer' FROM hm_gavleborg_sandviken.audit_event WHERE action = 'andra'")
    found = [int(row[0]) for row in rows]
    return {number: found.count(number) for number in numbers}


def long_ago(own: Own) -> None:
    """Let every undone row have waited long enough for the sweep."""
    own.ask(
        "UPDATE hm_gavleborg_sandviken.outbox SET created_at = now() - interval '1 minute' WHERE"
        " done_at IS NULL"
    )


def test_nothing_else_runs_whatever_is_put_into_the_queue(inside: Own) -> None:
    flag = inside.home / "a-door"
    queue, row = inside.queue("hm"), str(uuid.uuid4())
    queue.enqueue("os.system", f"touch {flag}")
    queue.enqueue("subprocess.getoutput", f"touch {flag}")
    queue.enqueue("stegvis.ground.jobs.service.sweep", "huvudman")
    queue.enqueue(jobs.FUNCTION, VAULT, row, "more")
    queue.enqueue(jobs.FUNCTION, scope_text=VAULT, outbox_id=row)
    queue.enqueue(jobs.FUNCTION, VAULT, 7)
    queue.enqueue(jobs.FUNCTION, VAULT, row, on_success=Callback("os.system"))
    queue.enqueue(jobs.FUNCTION, VAULT, row, on_failure=Callback("os.system"))
    queue.enqueue(jobs.FUNCTION, VAULT, row, webhooks=[Webhook("http://127.0.0.1:9/", "finished")])
    queue.enqueue(jobs.FUNCTION, VAULT, row, repeat=Repeat(times=3))
    rubbish = queue.enqueue(jobs.FUNCTION, VAULT, row)
    queue.connection.hset(rubbish.key, "data", b"not even JSON")
    method = queue.enqueue(jobs.FUNCTION, VAULT, row)
    method.data = json.dumps(["system", "os", [f"touch {flag}"], {}]).encode()
    method.save()
    refused = queue.count
    assert refused == 12
    queue.enqueue(jobs.FUNCTION, VAULT, row)
    worker = inside.start("hm")
    wait_for(lambda: any(line["event"] == "job_nothing_to_do" for line in worker.lines()), "the last job")
    assert worker.refusals() == ["another function"] * refused
    assert not flag.exists()
    assert worker.process.poll() is None
    assert [
        key for key in queue.connection.scan_iter("rq:job:*") if key.decode()[7:] in (rubbish.id, method.id)
    ] == []


def test_foreign_and_unknown_work_is_refused_with_one_line_each(inside: Own) -> None:
    queue, row = inside.queue("hm"), str(uuid.uuid4())
    with scope(VAULT):
        jobs.add("prov.okant", {}, "okant")
    ask_for(range(50, 51))
    ids = "SELECT id FROM hm_gavleborg_sandviken.outbox WHERE key = %s"
    unknown_kind, foreign = (str(inside.ask(ids, key)[0][0]) for key in ("okant", "prov-50"))
    queue.empty()
    asked = [
        ("gavleborg", row, "another level"),
        ("gavleborg:publicering", row, "another level"),
        ("gavleborg/finns_inte", row, "unknown scope"),
        ("finns_inte", row, "unknown scope"),
        ("Gävle Borg; drop schema", row, "malformed"),
        ("gavleborg\n", row, "malformed"),
        (VAULT, "inget id", "malformed"),
        (VAULT, unknown_kind, "unknown kind"),
    ]
    for scope_text, outbox_id, _ in asked:
        queue.enqueue(jobs.FUNCTION, scope_text, outbox_id)
    for vault in ("gavleborg/af_gavle", "kalmar_lan/kalmar"):
        queue.enqueue(jobs.FUNCTION, vault, foreign)
    queue.enqueue(jobs.FUNCTION, VAULT, row)
    worker = inside.start("hm")
    wait_for(lambda: ("nothing", VAULT, row) in alerts(worker), "the last job")
    assert worker.refusals() == [why for _, _, why in asked]
    assert alerts(worker) == [
        ("nothing", "gavleborg/af_gavle", foreign),
        ("nothing", "kalmar_lan/kalmar", foreign),
        ("nothing", VAULT, row),
    ]
    undone = "SELECT done_at, attempts FROM hm_gavleborg_sandviken.outbox WHERE id = %s"
    assert inside.ask(undone, foreign) == [(None, 0)], "another vault's asking changed nothing"
    finish = "UPDATE hm_gavleborg_sandviken.outbox SET done_at = now() WHERE id = ANY(%s)"
    inside.ask(finish, [uuid.UUID(foreign), uuid.UUID(unknown_kind)])


def alerts(worker: Worker) -> list[tuple[str, str, str]]:
    """The lines that say that there was nothing to do."""
    found = [line for line in worker.lines() if line["event"] == "job_nothing_to_do"]
    return [("nothing", line["scope"], line["outbox"]) for line in found]


def test_done_work_is_not_done_again(inside: Own) -> None:
    (inside.home / "go").touch()
    ask_for(range(100, 101))
    worker = inside.start("hm", slow=True)
    wait_for(lambda: done(inside, range(100, 101)) == {100: 1}, "the job")
    row = str(inside.ask("SELECT id FROM hm_gavleborg_sandviken.outbox WHERE key = 'prov-100'")[0][0])
    inside.queue("hm").enqueue(jobs.FUNCTION, VAULT, row)
    wait_for(lambda: bool(alerts(worker)), "the second asking")
    assert done(inside, range(100, 101)) == {100: 1}
    assert (alerts(worker), worker.refusals()) == ([("nothing", VAULT, row)], [])


def test_a_killed_worker_loses_nothing(inside: Own) -> None:
    numbers = range(200, 205)
    ask_for(numbers)
    first = inside.start("hm", slow=True)
    wait_for((inside.home / "begun-200").exists, "the first job to begin")
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    assert done(inside, numbers) == dict.fromkeys(numbers, 0)
    (inside.home / "go").touch()
    long_ago(inside)
    inside.start("hm", slow=True)
    wait_for(lambda: all(done(inside, numbers).values()), "the second worker to do it all")
    assert done(inside, numbers) == dict.fromkeys(numbers, 1)


def test_a_killed_broker_loses_nothing(inside: Own) -> None:
    before, meanwhile = range(300, 303), range(303, 305)
    broker: redis.Redis = inside.app.extensions["stegvis.broker"]
    broker.set("session:prov", "kvar")
    worker = inside.start("hm", slow=True)
    (inside.home / "go").touch()
    wait_for(lambda: bool(broker.keys("rq:worker:*")), "the worker to be at the queue")
    worker.process.send_signal(signal.SIGSTOP)
    ask_for(before)
    os.kill(inside.running.valkey.pid, signal.SIGKILL)
    # The commit stands although the broker is away: the sweep hands the rows over later.
    ask_for(meanwhile)
    with servers(inside.home, progress=lambda line: None, durable=False, always=True):
        worker.process.send_signal(signal.SIGCONT)
        assert broker.get("session:prov") == b"kvar"
        long_ago(inside)
        numbers = range(300, 305)
        wait_for(lambda: all(done(inside, numbers).values()), "the worker to go on")
        assert done(inside, numbers) == dict.fromkeys(numbers, 1)
        assert worker.process.poll() is None


def test_the_queue_is_closed_to_others(inside: Own) -> None:
    valkey = inside.running.valkey
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(unix_socket_path=str(valkey.socket)).ping()
    assert valkey.socket.parent.stat().st_mode & 0o077 == 0
    broker: redis.Redis = inside.app.extensions["stegvis.broker"]
    assert broker.config_get("port")["port"] == "0"
    assert broker.config_get("appendonly")["appendonly"] == "yes"


def test_a_row_is_never_given_up(inside: Own) -> None:
    """Forty vain tries later it is still handed over, once an hour."""
    with scope(VAULT):
        jobs.add("prov.okant", {}, "seg")
    table = (
        "UPDATE hm_gavleborg_sandviken.outbox SET created_at = %s, handed_at = %s, attempts = 40 WHERE"
        " key = 'seg'"
    )
    hour = datetime.now(UTC).timestamp() - 3900
    old = datetime.fromtimestamp(hour, UTC)
    inside.ask(table, old, datetime.now(UTC))
    assert jobs.sweep("huvudman") == 0
    inside.ask(table, old, old)
    assert jobs.sweep("huvudman") >= 1
    found = inside.ask("SELECT attempts FROM hm_gavleborg_sandviken.outbox WHERE key = 'seg'")
    assert found == [(41,)]
    with superuser(inside.running.postgres, inside.settings.database.name) as admin:
        assert isinstance(admin, psycopg.Connection)
        admin.execute(
            "UPDATE hm_gavleborg_sandviken.outbox SET done_at = now() WHERE key IN ('seg', 'okant')"
        )
