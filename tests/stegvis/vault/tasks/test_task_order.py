"""What cannot wait comes first. Pure."""

import uuid
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stegvis.vault.tasks.order import URGENCY, Ending, Step, Task, about_person, order

DAY = date(2024, 1, 15)
tasks = st.builds(
    Task,
    kind=st.sampled_from(list(URGENCY)),
    day=st.dates(date(2023, 1, 1), date(2025, 1, 1)),
    insats=st.just("karnhuset"),
    subject=st.uuids(),
    name=st.sampled_from(["Test Testsson", "Prov Provsson", ""]),
)


@given(st.lists(tasks))
def test_order_loses_nothing_and_goes_by_urgency_then_day(given_tasks: list[Task]) -> None:
    ordered = order(given_tasks)
    assert sorted(map(repr, ordered)) == sorted(map(repr, given_tasks))
    keys = [(URGENCY[one.kind], one.day) for one in ordered]
    assert keys == sorted(keys)


@given(st.lists(tasks), st.randoms())
def test_order_does_not_depend_on_how_they_came(given_tasks: list[Task], shuffler) -> None:  # type: ignore[no-untyped-def]
    mixed = list(given_tasks)
    shuffler.shuffle(mixed)
    assert order(mixed) == order(given_tasks)


def test_what_comes_first() -> None:
    kinds = [
        one.kind for one in order(Task(kind, DAY, "karnhuset", uuid.uuid4()) for kind in reversed(URGENCY))
    ]
    assert kinds == [
        "tell_parties", "consent_urgent", "overdue", "referral", "to_enrol", "due", "consent_ends",
    ]  # fmt: skip


def kinds_for(steps: list[Step], until: date | None) -> list[str]:
    ending = Ending(uuid.uuid4(), until) if until is not None else None
    soon = DAY + timedelta(days=30)
    found = about_person(
        "karnhuset", uuid.uuid4(), "Test Testsson", steps=steps, consent=ending, soon=soon, today=DAY
    )
    return [one.kind for one in found]


def test_only_what_is_due_or_late_waits() -> None:
    steps = [Step("Mät", "measurement", DAY, state) for state in ("coming", "due", "overdue")]
    assert kinds_for(steps, None) == ["due", "overdue"]


def test_a_samtycke_waits_from_the_day_that_is_soon_and_cannot_wait_from_7() -> None:
    found = {days: kinds_for([], DAY + timedelta(days=days)) for days in (-1, 0, 7, 8, 30, 31)}
    assert found == {
        -1: ["consent_urgent"], 0: ["consent_urgent"], 7: ["consent_urgent"],
        8: ["consent_ends"], 30: ["consent_ends"], 31: [],
    }  # fmt: skip
