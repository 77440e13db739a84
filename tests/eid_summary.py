"""What a run of the e-ID tests ends with: how many cases of the fault table were tried, and against whom else."""

import re
from typing import Any

from _pytest.terminal import TerminalReporter

CERTIFIED = re.compile(r"\[oidc-provider|/test_eid_certified\.py::")
CASE = re.compile(r"/test_eid_fault_table\.py::test_case\[([^]]+)\]$")


def outcomes(reporter: TerminalReporter) -> dict[str, str]:
    """How each case that ran came out, by its name; under xdist the controller has everybody's."""
    found = {}
    for outcome in ("passed", "skipped", "failed", "error"):
        for report in reporter.stats.get(outcome, ()):
            match = CASE.search(getattr(report, "nodeid", ""))
            if match:
                found[match[1]] = outcome
    return found


def line(ran: dict[str, str], not_applicable: int) -> str:
    """The count in words: what did not go well is told, not counted away."""
    tried = [name for name, outcome in ran.items() if outcome != "skipped"]
    failed = [name for name, outcome in ran.items() if outcome in ("failed", "error")]
    told = f"e-legitimation: {len(tried)} fall prövade, {not_applicable} gäller inte"
    return told + (f", {len(failed)} föll" if failed else "")


def certified(reporter: TerminalReporter) -> str:
    """How it went against the certified provider, or in one line why it was left out; empty when not asked for."""
    found: dict[str, list[Any]] = {}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in reporter.stats.get(outcome, ()):
            if CERTIFIED.search(getattr(report, "nodeid", "")):
                found.setdefault(outcome, []).append(report.longrepr)
    if "skipped" in found:
        _file, _line, reason = found["skipped"][0]
        return f"e-legitimation: oidc-provider prövades inte: {reason.removeprefix('Skipped: ')}"
    ran = sum(len(one) for one in found.values())
    wrong = ran - len(found.get("passed", ()))
    return (
        (f"e-legitimation: {ran} prov mot oidc-provider" + (f", {wrong} föll" * bool(wrong))) if ran else ""
    )


def write_count(reporter: TerminalReporter) -> None:
    """Print the lines, for what ran."""
    if told := certified(reporter):
        reporter.write_line(told)
    ran = outcomes(reporter)
    if ran:
        from eid_faults.table import CASES  # imports much of the application: only where it was run

        reporter.write_line(line(ran, sum(bool(one.why_not) for one in CASES)))
