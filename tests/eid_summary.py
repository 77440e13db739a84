"""The line that a run of the fault table ends with: how many of its cases were tried, and how many do not apply."""

import re

from _pytest.terminal import TerminalReporter

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


def line(ran: dict[str, str], not_applicable: int, waiting: int) -> str:
    """The count in words: what did not go well is told, not counted away, and so is what is still to come."""
    tried = [name for name, outcome in ran.items() if outcome != "skipped"]
    failed = [name for name, outcome in ran.items() if outcome in ("failed", "error")]
    told = f"e-legitimation: {len(tried)} fall prövade, {not_applicable} gäller inte"
    told += f", {waiting} återstår" if waiting else ""
    return told + (f", {len(failed)} föll" if failed else "")


def write_count(reporter: TerminalReporter) -> None:
    """Print the line, if the fault table ran."""
    ran = outcomes(reporter)
    if ran:
        from eid_faults.table import CASES, WAITING  # imports much of the application: only where it was run

        reporter.write_line(line(ran, sum(bool(one.why_not) for one in CASES), len(WAITING)))
