"""Wall 11: keys are changed while the service runs, and nobody is lost, doubled or locked out by it.

H: a key that cannot be changed is a key that leaks once and for ever. C: new versions beside the old ones,
everything sealed and hashed moves over under row locks, the old version goes when nothing needs it.
"""

import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from psycopg import sql

from stegvis.app import create_app
from stegvis.ground.keys import rotation
from stegvis.ground.keys.rotation import RotationFault, indexes_of, models_of
from stegvis.ground.keys.sealed import sealed_attributes
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.accounts import service as accounts
from stegvis.local.servers import Servers
from stegvis.tables import consent, participants
from stegvis.vault.consent import keeping
from stegvis.vault.participants import service as people
from visiting import fresh_number
from walls.key_house import House, key_house, planted, read_again
from walls.planting import mapped

pytestmark = pytest.mark.walls

VAULT = ScopeId.parse("gavleborg/sandviken")
FORBUND = ScopeId.parse("gavleborg")
Participant, EvidenceBlob = participants.Participant, consent.EvidenceBlob


@pytest.fixture(scope="module")
def house(running: Servers, run_folder: Path, worker_id: str) -> Iterator[House]:
    with key_house(running, run_folder, f"nyckel_{worker_id}") as made:
        yield made


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 20)


def person(number: str, name: str = "Test Testsson") -> uuid.UUID:
    given, family = name.split(" ")
    return people.ensure(number, given, family).id


@pytest.mark.parametrize("scope_id", [VAULT, FORBUND])
def test_every_sealed_value_of_every_table_moves(house: House, scope_id: ScopeId) -> None:
    told = planted(house, scope_id)
    assert {table for table, _ in told} == {one.__tablename__ for one in models_of(scope_id.level)}
    first = read_again(house, scope_id, told)
    done = house.rotate(scope_id)
    assert (done.resumed, done.unreadable) == (False, set())
    assert done.values >= len(told)
    assert first == {done.version - 1}
    assert read_again(house, scope_id, told) == {done.version}
    assert house.versions(scope_id)["search"] == house.versions(scope_id)["field"] == [done.version]
    assert done.kept == []


def test_each_keyed_hash_has_its_number_beside_it() -> None:
    """A hash that cannot be made anew would keep an old search key for ever: a new one is sealed beside."""
    chains = {"prev_hash", "row_hash", "hash", "token_hash"}
    for level in ("huvudman", "forbund"):
        for model in mapped(level):
            columns = {one.name for one in model.__table__.columns if one.name.endswith("hash")}
            hashed = {one.hash_column for one in sealed_attributes(model).values() if one.hashed}
            if model in indexes_of(level).values():
                continue
            assert columns - chains == hashed, model
    assert {one.__tablename__ for one in indexes_of("huvudman").values()} == {"participant_name"}


def test_evidence_stays_byte_for_byte(house: House) -> None:
    """The chain goes over the ciphertext: the record is not touched, the key of its samtycke is sealed anew."""
    record = {"svar": "sparvhöken sitter i ett bevis"}
    (asked,) = [row for table, row in planted(house, VAULT, 1) if table == "consent"]
    # The planted key is a canary, not a key: the first evidence makes a real one.
    forget = sql.SQL("DELETE FROM {} WHERE consent_id = %s").format(
        sql.Identifier(VAULT.schema, "consent_key")
    )
    house.admin.execute(forget, [asked])
    with house.app.app_context(), scope(VAULT):
        keeping.keep(asked, "giltig", "", record)
    blob = sa.select(EvidenceBlob.blob).where(EvidenceBlob.consent_id == asked)
    with house.app.app_context(), scope(VAULT):
        before = session().scalars(blob).one()
    house.rotate()
    with house.app.app_context(), scope(VAULT):
        assert session().scalars(blob).one() == before
        assert keeping.valid(asked) == record
        assert keeping.verify_evidence().ok


def test_a_stopped_change_goes_on(house: House) -> None:
    """Killed in the middle: everything can be read and found meanwhile, and the next run ends it."""
    told = planted(house, VAULT)
    with house.app.app_context(), scope(VAULT):
        numbers = [fresh_number() for _ in range(8)]
        ids = [
            person(one, f"Prov Stannsson{letter}") for one, letter in zip(numbers, "abcdefgh", strict=True)
        ]
    before = house.versions()["field"][-1]
    killed = subprocess.run(
        [sys.executable, "-c", KILLS_ITSELF, str(house.settings.home)], capture_output=True, text=True
    )
    assert killed.returncode == -9, killed.stderr
    assert house.versions()["search"][-2:] == [before, before + 1]
    assert read_again(house, VAULT, told) == {before, before + 1}, "stopped half-way"
    with house.app.app_context(), scope(VAULT):
        found = [people.find_by_number(one) for one in numbers]
        assert [one.id for one in found if one] == ids
        hashes = {one.number_hash[:1] for one in found if one}
        assert len(hashes) > 1
        assert person(numbers[0]) == ids[0] and person(numbers[-1]) == ids[-1], "no second row"
        statement = people.matching("prov stannsson")
        assert statement is not None and set(session().scalars(statement)) == set(ids)
    done = house.rotate()
    assert (done.resumed, done.version) == (True, before + 1)
    assert read_again(house, VAULT, told) == {before + 1}
    assert house.versions()["search"] == [before + 1]
    again = house.rotate()
    assert (again.resumed, again.version) == (False, before + 2), "the change before was ended"


KILLS_ITSELF = """
import os, signal, sys
from pathlib import Path
import stegvis.tables
from stegvis.config import read_settings
from stegvis.ground.keys import rotation
from stegvis.ground.tenancy.names import ScopeId

rotation.BATCH = 3
lines = []

def progress(line):
    lines.append(line)
    if len(lines) == 4:
        os.kill(os.getpid(), signal.SIGKILL)

rotation.Rotation(read_settings(Path(sys.argv[1])), ScopeId.parse("gavleborg/sandviken"), progress).run()
"""


def test_a_running_process_notices_without_a_restart(house: House) -> None:
    """Another process has read the old keys: it reads, finds and writes with the new ones all the same."""
    other = create_app(house.settings)
    number = fresh_number()
    with other.app_context(), scope(VAULT):
        known = person(number, "Prov Uppmärksam")
    done = house.rotate()
    with other.app_context():
        with scope(VAULT):
            row = session().get_one(Participant, known)
            assert row.name == "Prov Uppmärksam"
            assert person(number) == known
            fresh = person(fresh_number(), "Prov Nyskriven")
        with scope(VAULT):
            sealed = session().get_one(Participant, fresh).number_sealed
            assert int.from_bytes(sealed[:2]) == done.version
        for engine in db.engines.values():
            engine.dispose()


def test_reads_and_writes_meanwhile_lose_nothing(house: House) -> None:
    """Threads make, find and rename people while keys change three times: each number has one row, readable."""
    numbers = [fresh_number() for _ in range(30)]
    stop = threading.Event()
    faults: list[BaseException] = []

    def work(seed: int) -> int:
        count = 0
        with house.app.app_context():
            while not stop.is_set() or count < len(numbers):
                number = numbers[(count * 7 + seed) % len(numbers)]
                try:
                    with scope(VAULT):
                        row = people.ensure(number, "Test", f"Samtidig{number[-4:]}"[:8])
                        accounts.open_account(number, "Test Samtidig", "deltagare")
                        assert row.number == number
                    with scope(VAULT):
                        found = people.find_by_number(number)
                        assert found is not None and found.given_name == "Test"
                        assert len(accounts.accounts_of_number(number)) == 1
                except BaseException as error:
                    faults.append(error)
                    return count
                count += 1
        return count

    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(work, seed) for seed in (1, 4, 11)]
        changes = [house.rotate() for _ in range(3)]
        stop.set()
        assert all(one.result() > 0 for one in running)
    assert faults == []
    assert sum(one.values for one in changes) > 0
    with house.app.app_context(), scope(VAULT) as opened:
        stored = [
            row.number for row in opened.session.scalars(sa.select(Participant)) if row.number in numbers
        ]
        assert sorted(stored) == sorted(numbers)
        for number in numbers:
            assert len(accounts.accounts_of_number(number)) == 1
            found = people.find_by_number(number)
            assert found is not None and int.from_bytes(found.number_sealed[:2]) == changes[-1].version


# Who stands in a row for a lock of this database's transactions.
WAITERS = (
    "SELECT 1 FROM pg_locks JOIN pg_stat_activity a USING (pid)"
    " WHERE NOT granted AND a.datname = current_database()"
)


@pytest.mark.parametrize(
    "make", [person, lambda one: accounts.open_account(one, "Test Testsson", "deltagare")]
)
def test_two_versions_never_make_two_rows_of_one_person(
    house: House, make: Callable[[str], uuid.UUID]
) -> None:
    """One transaction hashes with the old version and has not committed; another comes with the new one."""
    number, written, go_on = fresh_number(), threading.Event(), threading.Event()
    made: list[tuple[uuid.UUID, int]] = []

    def first() -> None:
        with house.app.app_context(), scope(VAULT):
            made.append((make(number), current().keys.newest("search")))
            written.set()
            assert go_on.wait(20)

    def second() -> None:
        with house.app.app_context(), scope(VAULT):
            made.append((make(number), current().keys.newest("search")))

    with ThreadPoolExecutor(3) as pool:
        one = pool.submit(first)
        assert written.wait(20)
        before = house.versions()["search"][-1]
        change = pool.submit(house.rotate)
        while house.versions()["search"][-1] == before:
            assert not change.done()
        two = pool.submit(second)
        while not house.admin.execute(WAITERS).fetchall():
            assert not two.done()
        assert not change.done(), "it waits for the first transaction too"
        go_on.set()
        for waiting in (one, two, change):
            waiting.result(30)
    assert made == [(made[0][0], before), (made[0][0], before + 1)]


def test_a_value_that_no_key_opens_stays_and_stops_nobody(house: House) -> None:
    with house.app.app_context(), scope(VAULT) as opened:
        broken = person(fresh_number(), "Prov Trasig")
        good = session().get_one(Participant, broken).given_name_sealed
        before = opened.keys.newest("field")
    update = sql.SQL("UPDATE {}.participant SET given_name_sealed = %s WHERE id = %s").format(
        sql.Identifier(VAULT.schema)
    )
    spoilt = before.to_bytes(2) + bytes(40)
    house.admin.execute(update, [spoilt, broken])
    done = house.rotate()
    assert done.unreadable == {("participant", broken)}
    assert ("field", before) in {(purpose, version) for purpose, version, _ in done.kept}
    with house.app.app_context(), scope(VAULT):
        row = session().get_one(Participant, broken)
        assert (row.given_name_sealed, row.family_name) == (spoilt, "Trasig")
    house.admin.execute(update, [good, broken])
    assert house.rotate().unreadable == set(), "its key was kept, so what is put back can be read"


def test_a_hash_without_its_number_keeps_the_old_search_key(house: House) -> None:
    """Living rows without the sealed number are found by the old version for as long as they live."""
    number = fresh_number()
    with house.app.app_context(), scope(VAULT):
        account = accounts.open_account(number, "Test Testsson", "personal")
    forget = sql.SQL("UPDATE {}.account SET number_sealed = NULL WHERE id = %s")
    house.admin.execute(forget.format(sql.Identifier(VAULT.schema)), [account])
    before = house.versions()["search"][-1]
    done = house.rotate()
    assert ("search", before, 1) in done.kept
    with house.app.app_context(), scope(VAULT):
        assert [one[0] for one in accounts.accounts_of_number(number)] == [account]
        accounts.erase_account(account)
    assert [one for one in house.rotate().kept if one[0] == "search"] == []


def test_it_waits_for_no_longer_than_it_says(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "WAIT_SECONDS", 0.1)
    told = planted(house, VAULT, 1)
    with house.app.app_context(), scope(VAULT):
        session().execute(sa.select(sa.literal(1)))
        with pytest.raises(RotationFault) as fault:
            house.rotate()
    assert "kör kommandot igen" in str(fault.value)
    monkeypatch.setattr(rotation, "WAIT_SECONDS", 30)
    done = house.rotate()
    assert done.resumed
    assert read_again(house, VAULT, told) == {done.version}
