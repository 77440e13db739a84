"""The worker of one level: `python -m stegvis.worker hm|fb|pub`. It can become that level's roles only."""

import sys
import threading
import time
from typing import Any

import redis
import structlog
from flask import Flask
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from stegvis.app import create_app, load_jobs
from stegvis.config import read_settings
from stegvis.ground import logs
from stegvis.ground.jobs import service as jobs

LEVELS = {"fb": "forbund", "hm": "huvudman", "pub": "publicering"}
SWEEP_SECONDS = 10
WORKER_TTL = 20
PAUSE_SECONDS = 1
TEXT_OF_A_FAILURE = "se loggen"
log = structlog.get_logger("stegvis.worker")


class OneJobWorker(SimpleWorker):
    """Runs the one job function and nothing else, whatever somebody put into the queue (walls 14)."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Do a job of ours; anything else is thrown away, with one line."""
        if is_ours(job):
            super().execute_job(job, queue)
            return
        log.error("job_refused", why="another function", job=job.id)
        self.connection.lrem(queue.intermediate_queue_key, 1, job.id)
        self.connection.delete(job.key)

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log a failed job: its id and what kind of fault, never text, arguments or values (walls 12)."""
        logs.report("job_failed", exc_info[1], outbox=job.id)

    def handle_job_failure(self, job: Job, queue: Queue, *args: Any, **kwargs: Any) -> None:
        """Note in the queue that a job failed. What failed is in the log alone: the queue is no place for it."""
        kept = kwargs | {"exc_string": TEXT_OF_A_FAILURE}
        super().handle_job_failure(job, queue, *args[:1], **kept)

    @property
    def asked_to_stop(self) -> bool:
        """Whether a signal ended the work, rather than a fault."""
        return self._shutdown_requested_date is not None


def is_ours(job: Job) -> bool:
    """Whether a job is `run(scope, outbox_id)` and carries nothing else that the queue would run or call."""
    try:
        called = (job.func_name, job.instance, len(job.args), job.kwargs)
        texts = all(isinstance(one, str) for one in job.args)
    except Exception:
        # Whatever cannot even be read is not ours; which fault it was depends on what somebody wrote there.
        return False
    beside = (
        job._success_callback_name,
        job._failure_callback_name,
        job._stopped_callback_name,
        job.webhooks,
        job.repeats_left,
    )
    return called == (jobs.FUNCTION, None, 2, {}) and texts and not any(beside)


def main(kind: str) -> int:
    """Work on the queue of one level until told to stop; a fault of the broker only makes a pause."""
    level = LEVELS[kind]
    app = create_app(read_settings(), levels=(level,))
    load_jobs()
    # After the start, whose faults the operator reads in full: no person is known before.
    logs.report_last_words("worker_ended")
    with app.app_context():
        broker: redis.Redis = app.extensions["stegvis.broker"]
        stop = threading.Event()
        threading.Thread(target=_sweep, args=(app, level, stop), daemon=True).start()
        while not _work(kind, broker):
            time.sleep(PAUSE_SECONDS)
        stop.set()
    return 0


def _work(kind: str, broker: redis.Redis) -> bool:
    """One worker's life; whether it ended because it was asked to."""
    try:
        worker = OneJobWorker([kind], connection=broker, serializer=JSONSerializer, worker_ttl=WORKER_TTL)
        worker.work(logging_level="WARNING")
    except redis.RedisError as error:
        log.error("broker_away", fault=type(error).__name__)
        return False
    return worker.asked_to_stop


def _sweep(app: Flask, level: str, stop: threading.Event) -> None:
    while not stop.wait(SWEEP_SECONDS):
        with app.app_context():
            try:
                jobs.sweep(level)
            except Exception as error:
                log.error("sweep_failed", level=level, fault=type(error).__name__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
