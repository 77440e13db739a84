"""Installations for measuring: as many förbund and huvudmän as asked for, made up, in a folder of their own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stegvis.config import Settings
from stegvis.local.installation import set_up
from stegvis.local.servers import Servers, servers, wipe

ROOT = Path(__file__).resolve().parents[1]
FORBUND = """# A made-up förbund, for measuring.
[forbund]
id = "{id}"
name = "Prov {id}"
short_name = "{id}"
hosts = ["{id}.localhost"]

[[party]]
id = "prov"
name = "Prov kommun"
kind = "kommun"
"""
HUVUDMAN = """
[[huvudman]]
id = "{id}"
name = "Prov kommun, nämnd {id}"
responsible = "Nämnd {id} i Prov kommun"
party = "prov"
"""
INSATS = """
[[insats]]
id = "karnhuset"
plugin = "karnhuset"
name = "Prov"
huvudmen = ["n01"]
starts = 2022-10-01
places = 100
registration = "personer"
"""


@dataclass(frozen=True)
class Generated:
    """A running installation of made-up förbund."""

    settings: Settings
    running: Servers


def write_tenants(folder: Path, forbund: int, huvudman: int) -> None:
    """Write the files of `forbund` förbund with `huvudman` huvudmän each; the first of each runs an insats."""
    folder.mkdir(parents=True)
    for number in range(1, forbund + 1):
        name = f"f{number:02}"
        text = FORBUND.format(id=name)
        text += "".join(HUVUDMAN.format(id=f"n{one:02}") for one in range(1, huvudman + 1))
        (folder / f"{name}.toml").write_text(text + INSATS, "utf-8")


@contextmanager
def generated(forbund: int, huvudman: int, *, durable: bool = True) -> Iterator[Generated]:
    """Servers and an installation of their own while open; everything is gone afterwards.

    `STEGVIS_ROOT` points to its folder meanwhile, also for the processes that are started.
    """
    before = os.environ.get("STEGVIS_ROOT")
    with tempfile.TemporaryDirectory(prefix="stegvis-bench-") as made:
        root = Path(made) / "root"
        write_tenants(root / "tenants", forbund, huvudman)
        shutil.copytree(ROOT / "migrations", root / "migrations")
        os.environ["STEGVIS_ROOT"] = str(root)
        home = Path(made) / "home"
        try:
            with servers(home, progress=lambda line: None, durable=durable) as running:
                yield Generated(set_up(home, running, progress=lambda line: None), running)
            wipe(home)
        finally:
            if before is None:
                os.environ.pop("STEGVIS_ROOT")
            else:
                os.environ["STEGVIS_ROOT"] = before
