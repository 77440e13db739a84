"""Chromium for the browser tests, found or, where we may, installed: `python -m stegvis.local.browser`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from stegvis.local.home import print_line

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
LEFT_OUT = "Testerna i webbläsare utelämnas: Chromium saknas{why}."


def find_chromium() -> Path | None:
    """The Chromium of this machine: the program in `STEGVIS_CHROMIUM`, else the first known name in PATH."""
    if named := os.environ.get("STEGVIS_CHROMIUM"):
        return Path(named) if os.access(named, os.X_OK) else None
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return Path(found) if found else None


def install_chromium() -> bool:
    """Install Debian's chromium with apt-get; True if that went well. Needs root."""
    apt = shutil.which("apt-get")
    if apt is None:
        return False
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    steps = ([apt, "update", "-qq"], [apt, "install", "-qq", "-y", "--no-install-recommends", "chromium"])
    return all(
        subprocess.run(  # noqa: S603  two fixed commands
            step,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode
        == 0
        for step in steps
    )


def main() -> int:
    """Say nothing where Chromium is there, install it where we may, else say in one line what is left out."""
    if find_chromium():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print_line("Installerar Chromium för testerna i webbläsare ...")
        if not (install_chromium() and find_chromium()):
            print_line(LEFT_OUT.format(why=" och gick inte att installera"))
    else:
        print_line(LEFT_OUT.format(why=", och bara root på Debian kan installera det här"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
