"""Puts the made-up Kärnhuset on the import path (importlib mode adds nothing), with its fixture."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from report_world import people  # noqa: F401
