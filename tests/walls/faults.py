"""Every kind of fault that quotes what it failed on, forced inside an open scope with marked words.

Used by programs that run in the web, in a worker and on the command line (faulty_web, faulty_worker,
faulty_cli): the words are on their lips when they fail, and may stand nowhere afterwards.
"""

import secrets
import threading
import time
import uuid
from collections.abc import Callable

import sqlalchemy as sa
from flask import current_app

from stegvis.ground.tenancy import current, scope, session
from stegvis.identity.accounts.models import VaultAccount
from stegvis.vault.participants.models import Participant

VAULT = "gavleborg/sandviken"
NAME = "Kanarie Kanariesson"
NUMBER = "200509209802"
SENTENCE = "Hör röster sedan i våras"
WORDS = f"{NAME} {NUMBER} {SENTENCE}"
# As they would be seen in a log, in parts.
CANARIES = ("Kanarie", "09209802", "röster")


def account(**values: object) -> VaultAccount:
    """An account that carries the words in the clear."""
    fields = {
        "number_hash": secrets.token_bytes(16),
        "name_sealed": WORDS.encode(),
        "kind": "personal",
        "organisation": WORDS,
    }
    return VaultAccount(**fields | values)


def not_null() -> None:
    """A value that is missing."""
    session().add(account(name_sealed=None))
    session().flush()


def check() -> None:
    """A value that the table's condition refuses."""
    session().add(account(kind=WORDS))
    session().flush()


def at_commit() -> None:
    """The same, found first when the scope ends."""
    session().add(account(kind=WORDS))


def unique() -> None:
    """A key that is taken."""
    session().add_all([account(number_hash=WORDS.encode()), account(number_hash=WORDS.encode())])
    session().flush()


def cast() -> None:
    """Words where a number belongs, straight into SQL: the server would quote them whatever its settings."""
    session().execute(
        sa.insert(Participant).values(
            id=uuid.uuid4(), number_hash=b"x", number_sealed=b"x", given_name_sealed=b"x",
            family_name_sealed=b"x", birth_year=WORDS, gender="man", protected=False,
        )
    )  # fmt: skip


def cast_of_day() -> None:
    """Words where a day belongs, through an object."""
    session().add(account(ends_on=WORDS))
    session().flush()


def cast_of_id() -> None:
    """Words where an id belongs."""
    session().add(account(participant_id=WORDS))
    session().flush()


def unreadable() -> None:
    """What the database driver cannot hand over: SQLAlchemy's own error quotes it."""
    session().add(account(organisation={WORDS}))
    session().flush()


def timeout() -> None:
    """A statement that takes too long."""
    session().execute(sa.select(sa.func.set_config("statement_timeout", "200", True)))
    session().execute(sa.select(sa.func.pg_sleep(20), sa.literal(WORDS)))


def after_failure() -> None:
    """A session that is used after its flush failed: what it says quotes the first error."""
    try:
        check()
    except sa.exc.IntegrityError:
        session().scalar(sa.select(sa.func.count()).select_from(VaultAccount))


def deadlock() -> None:
    """Two that wait for each other; the first to wait, which is this one, is the one that is ended."""
    for _attempt in range(3):
        ids = _in_thread(_two_rows)
        _lock(ids[0])
        other = threading.Thread(target=_carry_context(lambda ids=ids: _other_way_round(ids)))
        other.start()
        try:
            time.sleep(0.3)
            _lock(ids[1])
        finally:
            current().session.rollback()
            other.join()
        # A machine so slow that the other one was ended in our place: once more.


def own() -> None:
    """A fault of the program's own, with the words in its text and in its cause."""
    try:
        raise KeyError(WORDS)
    except KeyError as error:
        raise ValueError(f"{WORDS} kunde inte läsas") from error


def last_statement() -> None:
    """A fault in what is run as the last thing before the commit."""

    def fail() -> None:
        raise ValueError(WORDS)

    current().before_commit(fail)


FAULTS: dict[str, tuple[Callable[[], None], str]] = {
    "not_null": (not_null, "23502"),
    "check": (check, "23514"),
    "at_commit": (at_commit, "23514"),
    "unique": (unique, "23505"),
    "cast": (cast, "22P02"),
    "cast_of_day": (cast_of_day, "22P02"),
    "cast_of_id": (cast_of_id, "22P02"),
    "unreadable": (unreadable, "?????"),
    "timeout": (timeout, "57014"),
    "deadlock": (deadlock, "40P01"),
    "after_failure": (after_failure, "?????"),
    "own": (own, ""),
    "last_statement": (last_statement, ""),
}


def _lock(row: uuid.UUID) -> None:
    session().execute(sa.update(VaultAccount).where(VaultAccount.id == row).values(organisation=WORDS))


def _two_rows() -> list[uuid.UUID]:
    with scope(VAULT):
        rows = [account(), account()]
        session().add_all(rows)
        return [row.id for row in rows]


def _other_way_round(ids: list[uuid.UUID]) -> None:
    with scope(VAULT):
        _lock(ids[1])
        time.sleep(0.6)
        _lock(ids[0])


def _carry_context(call: Callable[[], object]) -> Callable[[], None]:
    """`call` in this application, for a thread of its own; its faults are of no interest."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> None:
        with app.app_context():
            try:
                call()
            except Exception:
                return

    return run


def _in_thread(call: Callable[[], list[uuid.UUID]]) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    thread = threading.Thread(target=_carry_context(lambda: found.extend(call())))
    thread.start()
    thread.join()
    return found
