"""Words that have no place in the project: registries' hosts, paths of one machine, words of the workshop."""

import re

from architecture.source import ROOT, project_files

# Written in parts, so that this file does not hold what it looks for.
HOSTS = (
    "pypi" + ".org",
    "files.pythonhosted" + ".org",
    "registry.npmjs" + ".org",
    "npmjs" + ".com",
    "unpkg" + ".com",
)
HOSTS += ("jsdelivr" + ".net", "cdnjs" + ".cloudflare", "crates" + ".io", "fonts.googleapis" + ".com")
PATHS = (r"(?<![\w.])/" + r"work/", r"(?<![\w.])/" + r"root/", r"(?<![\w.])/home/" + r"\w+/")
WORKSHOP = (
    r"\b" + "LL" + r"M\b",
    r"\b" + "Clau" + r"de\b",
    r"\b" + "Anthro" + r"pic\b",
    r"\bAI" + r" agent",
    r"\bsub" + r"agent",
)
MARKS = (r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bXX" + r"X\b")
LEFT_OUT = {"requirements.lock"}


def test_words_that_have_no_place_here() -> None:
    rules = [re.escape(one) for one in HOSTS] + [*PATHS, *WORKSHOP, *MARKS]
    rule = re.compile("|".join(rules))
    found = []
    for path in project_files():
        try:
            lines = path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            match = rule.search(line)
            if match and path.name not in LEFT_OUT:
                found.append(f"{path.relative_to(ROOT)}:{number} {match[0]}")
    assert found == []


def test_the_lock_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert [host for host in HOSTS if host in lock] == []
    assert "--index-url" not in lock
    assert "--hash=sha256:" in lock


def test_nothing_is_named_after_nothing() -> None:
    """A file called after everything holds everything."""
    vague = {"util", "utils", "helpers", "helper", "common", "misc"}
    assert [path.relative_to(ROOT).as_posix() for path in project_files() if path.stem in vague] == []
