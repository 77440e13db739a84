"""Puts the made-up Kärnhuset of the vault's reporting tests on the import path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "vault" / "reporting"))
