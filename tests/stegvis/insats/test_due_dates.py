"""What falls due when: months that end early, late measurements, follow-ups after the end."""

from datetime import date, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stegvis.ground.definitions import load
from stegvis.insats.process import Due, Event, LimitState, Process, due_dates, limit_states
from stegvis.insats.time_spans import TimeSpan, parse_span

PROCESS = load(Path(__file__).parents[2] / "dummy_insats/stegvis_dummy/process.toml", Process)
START = date(2024, 1, 15)
DAYS = st.dates(date(2000, 1, 1), date(2050, 1, 1))


def states(events, today, start=START):
    return {
        due.rule_id: (due.day, due.state, due.occurrence) for due in due_dates(PROCESS, start, events, today)
    }


def test_the_first_measurement_is_due_at_once():
    due = due_dates(PROCESS, START, [], START)
    assert due == (Due(START, date(2024, 1, 29), "matning", "due", 1),)


def test_the_next_counts_from_the_last():
    first = [Event(date(2024, 1, 22), "measured")]
    assert states(first, date(2024, 4, 21)) == {"matning": (date(2024, 4, 22), "coming", 2)}
    assert states(first, date(2024, 5, 6)) == {"matning": (date(2024, 4, 22), "due", 2)}
    assert states(first, date(2024, 5, 7)) == {"matning": (date(2024, 4, 22), "overdue", 2)}


def test_the_end_stops_measurements_and_starts_follow_ups():
    events = [Event(date(2024, 1, 22), "measured"), Event(date(2024, 4, 15), "ended")]
    assert states(events, date(2024, 4, 15)) == {"efter": (date(2024, 7, 14), "coming", 1)}
    assert states([*events, Event(date(2024, 7, 20), "efter")], date(2024, 8, 1)) == {}


def test_what_has_not_happened_yet_is_not_known():
    assert states([Event(date(2024, 4, 15), "ended")], date(2024, 4, 14)) == {
        "matning": (START, "overdue", 1)
    }


def test_nothing_is_due_before_enrolment():
    assert due_dates(PROCESS, None, [], START) == ()


def test_limits_soft_before_hard_until_the_end():
    assert limit_states(PROCESS, START, [], date(2024, 7, 15)) == (
        LimitState(date(2024, 7, 15), "mjuk", "soft", True),
        LimitState(date(2025, 1, 15), "hard", "hard", False),
    )
    assert limit_states(PROCESS, START, [Event(date(2024, 7, 1), "ended")], date(2024, 7, 15)) == ()


def test_spans():
    assert parse_span("1 year") == TimeSpan(months=12)
    assert parse_span("6 weeks") == TimeSpan(days=42)
    assert TimeSpan(months=1).after(date(2024, 1, 31)) == date(2024, 2, 29)
    assert TimeSpan(months=3).after(date(2023, 11, 30)) == date(2024, 2, 29)


@given(DAYS, st.integers(0, 60), st.integers(0, 60))
def test_months_keep_order_and_never_skip_a_month(day, fewer, more):
    fewer, more = sorted((fewer, more))
    early, late = TimeSpan(months=fewer).after(day), TimeSpan(months=more).after(day)
    assert early <= late
    assert (late.year * 12 + late.month) - (day.year * 12 + day.month) == more
    assert late.day == day.day or (late + timedelta(days=1)).day == 1


@given(st.lists(st.integers(0, 900), max_size=6), st.integers(0, 1000))
def test_there_is_always_exactly_one_open_measurement_while_enrolled(offsets, today_offset):
    today = START + timedelta(days=today_offset)
    events = [Event(START + timedelta(days=offset), "measured") for offset in offsets]
    open_ones = [due for due in due_dates(PROCESS, START, events, today) if due.rule_id == "matning"]
    done = sorted(event.day for event in events if event.day <= today)
    assert len(open_ones) == 1
    assert open_ones[0].occurrence == len(done) + 1
    assert open_ones[0].day == (TimeSpan(months=3).after(done[-1]) if done else START)
