"""Run the child that makes a document: an empty environment, a folder of its own, limits, an end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

CHILD = Path(__file__).with_name("child")


class RenderError(Exception):
    """The document could not be made. The text is for the log, and holds nothing of the document's data."""


class RenderTimeout(RenderError):
    """It took longer than it may."""


class TemplateError(RenderError):
    """The template is wrong; the text is about the template, without the data."""


class Said(Exception):
    """What the child says of the template."""


def run_child(root: Path, order: dict[str, Any], *, name: str, seconds: int, memory_bytes: int) -> bytes:
    """What the child makes of `order` and the files in `root`; `name` is what the template is called in errors.

    Raises Said with what the child says of the template, RenderTimeout or RenderError.
    """
    whole = order | {
        "packages": [sysconfig.get_path("platlib"), sysconfig.get_path("purelib")],
        "cpu_seconds": seconds,
        "memory_bytes": memory_bytes,
    }
    # -I: no user site, no PYTHON* variables, no current folder on the path. -S: no site at all, -B: no
    # cache written.
    command = [sys.executable, "-I", "-S", "-B", os.fspath(CHILD)]
    try:
        done = subprocess.run(  # noqa: S603 - fixed command, own interpreter, own script
            command, input=json.dumps(whole).encode(), capture_output=True, timeout=seconds, cwd=root, env={}
        )
    except subprocess.TimeoutExpired:
        raise RenderTimeout(f"{name} took more than {seconds} seconds") from None
    if done.returncode == -signal.SIGXCPU:
        raise RenderTimeout(f"{name} took more than {seconds} seconds of processor time")
    if done.returncode == 2:
        raise Said(_said(done.stderr))
    if done.returncode != 0:
        raise RenderError(f"the renderer of {name} ended with {done.returncode}")
    return done.stdout


def _said(stderr: bytes) -> dict[str, Any]:
    """The last line of standard error; a library may have grumbled before it."""
    try:
        told = json.loads(stderr.splitlines()[-1])
    except (ValueError, IndexError):
        return {}
    return told if isinstance(told, dict) else {}
