"""`./run check --mutations`: takes one wall's stone out at a time, in a copy, and sees a named test fail.

A test that stays green when the thing it guards is gone proves nothing. For each line of taken_out.py the tree
is copied, one text is replaced, and the named test runs alone; it must fail in its own words, not because
something could not be imported or set up. The same test must pass in an untouched copy. A few stand where two
walls stand behind each other: there the test must pass all the same. The checkout itself is never written to.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from taken_out import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = shutil.ignore_patterns(
    ".venv", ".git", ".stegvis", "__pycache__", ".*_cache", ".hypothesis", "build", "dist", "pictures"
)
SECONDS = 600
# A fault of these kinds says that the mutation broke the program, not that a test saw the hole.
BROKEN = ("ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError", "NameError")


@dataclass(frozen=True)
class Outcome:
    """What one run of one test said: how many passed, failed, and could not run, and the first fault."""

    passed: int = 0
    failed: int = 0
    broken: int = 0
    fault: str = ""

    @property
    def green(self) -> bool:
        """Whether something ran and all of it passed."""
        return self.passed > 0 and self.failed == self.broken == 0

    @property
    def red(self) -> bool:
        """Whether a test failed in its own words."""
        return self.failed > 0 and self.broken == 0 and not self.fault.startswith(BROKEN)

    def __str__(self) -> str:
        counts = f"{self.passed} gick, {self.failed} föll, {self.broken} kunde inte köras"
        return f"{counts}. {self.fault}" if self.fault else counts


def copied(folder: Path) -> Path:
    """A copy of the checkout, without what a machine makes for itself."""
    tree = folder / "tree"
    shutil.copytree(ROOT, tree, ignore=LEFT_BEHIND)
    return tree


def environment(tree: Path) -> dict[str, str]:
    """An environment in which Python finds the copy first, also in the programs that tests start."""
    sources = [tree / "platform", *sorted(path.parent for path in tree.glob("plugins/*/pyproject.toml"))]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return kept | {
        "STEGVIS_ROOT": str(tree),
        "PYTHONPATH": os.pathsep.join(map(str, sources)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def run_test(tree: Path, test: str) -> Outcome:
    """Run one test of a copy alone."""
    report = tree.parent / "report.xml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={report}", test]
    try:
        subprocess.run(command, cwd=tree, env=environment(tree), capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Outcome(broken=1, fault=f"Provet blev inte klart på {SECONDS} sekunder.")
    if not report.exists():
        return Outcome(broken=1, fault="pytest kunde inte börja.")
    return read(ElementTree.parse(report).getroot())


def read(report: ElementTree.Element) -> Outcome:
    """The outcome in a JUnit report; skipped cases count as not run."""
    cases = list(report.iter("testcase"))
    faults = [one for case in cases for one in case if one.tag in ("failure", "error", "skipped")]
    failed = sum(one.tag == "failure" for one in faults)
    first = faults[0].get("message", "").strip().splitlines() if faults else []
    return Outcome(len(cases) - len(faults), failed, len(faults) - failed, first[0][:160] if first else "")


def is_the_copy(tree: Path) -> bool:
    """Whether Python finds stegvis in the copy: otherwise every mutation would be run against the checkout."""
    told = subprocess.run(
        [sys.executable, "-c", "import stegvis; print(stegvis.__file__)"],
        cwd=tree,
        env=environment(tree),
        capture_output=True,
        text=True,
    )
    return Path(told.stdout.strip()).is_relative_to(tree)


def verdict(one: Mutation, witnesses: set[str]) -> str:
    """Why a mutation was not seen by its test, or an empty text. `witnesses` passed in an untouched copy."""
    with tempfile.TemporaryDirectory(prefix="stegvis-urtag-") as folder:
        tree = copied(Path(folder).resolve())
        path = tree / one.file
        text = path.read_text("utf-8") if path.is_file() else ""
        if text.count(one.old) != 1:
            return f"texten finns {text.count(one.old)} gånger i {one.file}, inte en"
        if not is_the_copy(tree):
            return "Python hittar inte kopian"
        if one.test not in witnesses:
            found = run_test(tree, one.test)
            if not found.green:
                return f"{one.test} går inte ens utan ändring: {found}"
            witnesses.add(one.test)
        path.write_text(text.replace(one.old, one.new), "utf-8")
        found = run_test(tree, one.test)
        if one.still:
            return "" if found.green else f"inget annat skydd höll i {one.test}: {found}"
        return "" if found.red else f"överlevde {one.test}: {found}"


def chosen(words: list[str]) -> list[Mutation]:
    """The mutations whose wall (`8`), file, test or text holds one of the words; all without words."""
    return [
        one
        for one in MUTATIONS
        if not words
        or any(word == str(one.wall) or word in f"{one.file} {one.test} {one.what}" for word in words)
    ]


def main() -> int:
    """Run the chosen mutations; 0 when each was seen by its test, 1 otherwise, 2 when none was chosen."""
    parser = argparse.ArgumentParser(
        prog="./run check --mutations",
        description="Tar ut ett skydd i taget och ser ett namngivet prov falla.",
    )
    parser.add_argument("words", nargs="*", help="bara de vars vägg, fil, prov eller text innehåller ordet")
    parser.add_argument("--jobs", type=int, default=2, help="så många på en gång (2)")
    told = parser.parse_args()
    wanted = chosen(told.words)
    if not wanted:
        print("Inget skydd svarar mot de orden; listan står i tests/mutations/taken_out.py.", file=sys.stderr)
        return 2
    witnesses: set[str] = set()
    faults = 0
    with ThreadPoolExecutor(told.jobs) as pool:
        verdicts = pool.map(lambda one: verdict(one, witnesses), wanted)
        for one, why in zip(wanted, verdicts, strict=True):
            faults += bool(why)
            sign = "FEL " if why else "ok  "
            seen = f"nästa skydd håller, {one.test}" if one.still else f"faller i {one.test}"
            print(f"{sign} vägg {one.wall:2}  {one.what}: {why or seen}", flush=True)
    print(f"{len(wanted)} uttag: {len(wanted) - faults} sedda av sina prov, {faults} fel.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
