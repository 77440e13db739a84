"""Puts the made-up report beside these tests on the import path (importlib mode adds nothing)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
