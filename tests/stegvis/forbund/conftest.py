"""Puts the made-up Kärnhuset of the vault's reporting tests on the import path, with its fixture."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "vault" / "reporting"))

from report_world import people  # noqa: F401
