"""oidc-provider from npm, OpenID-certified and not ours, started for the tests where Node and npm are.

It is installed once for each lock file, in a folder of this user's caches outside the tree. What it cannot do,
to sign as BankID does, it asks the test CA for at an address on this machine.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from eid_faults.parties import LOA3
from testlegitimation.ca import TestCA
from testlegitimation.people import Person

SOURCE = Path(__file__).parents[1] / "stegvis" / "identity" / "eid" / "certified_provider"
MANIFEST = ("package.json", "package-lock.json", ".npmrc")
LONGEST_INSTALL = 180


class NotHere(Exception):
    """It cannot be started on this machine; the message says why, in words that fit after "prövades inte:"."""


def installed() -> Path:
    """The folder with the library, installed as the lock says; NotHere where that cannot be done."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NotHere("Node och npm finns inte här")
    lock = b"".join((SOURCE / name).read_bytes() for name in MANIFEST)
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stegvis"
    folder = caches / f"certified-provider-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not folder.exists():
        caches.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=caches))
        for name in MANIFEST:
            shutil.copy(SOURCE / name, beside)
        command = [npm, "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        try:
            subprocess.run(command, cwd=beside, check=True, timeout=LONGEST_INSTALL, capture_output=True)
            beside.rename(folder)
        except (subprocess.SubprocessError, OSError) as error:
            shutil.rmtree(beside, ignore_errors=True)
            # Another run may have come first: a folder that has content cannot be renamed over.
            if not folder.exists():
                raise NotHere(f"npm ci gick inte att köra ({type(error).__name__})") from None
    return folder


@contextmanager
def signer(ca: TestCA, client_name: str) -> Iterator[str]:
    """The address of a program that signs with the test CA: what it is sent is the signRequest and the person."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            person = Person(*(told["person"][name] for name in ("personnummer", "given_name", "family_name")))
            text = base64.b64decode(told["sign_message"]["message#sv"]).decode()
            xml = ca.sign_bankid(person, text, base64.b64decode(told["tbs_data"]), rp_name=client_name)
            made = {"signature": xml, "ocsp": ca.ocsp(xml)}
            body = json.dumps({name: base64.b64encode(one).decode() for name, one in made.items()}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


@contextmanager
def running_certified(
    home: Path, ca: TestCA, clients: list[dict[str, Any]], people: list[dict[str, str]]
) -> Iterator[str]:
    """The issuer of the started provider. Raises NotHere.

    ``clients`` are rows of dynamic registration (client_id, jwks, redirect_uris), ``people`` as the test
    provider's.
    """
    library = installed()
    # ECMAScript modules are looked for beside the program, so it is run where a link to the library lies.
    shutil.copy(SOURCE / "server.js", home)
    shutil.copy(SOURCE / "package.json", home)
    (home / "node_modules").symlink_to(library / "node_modules")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with signer(ca, "Provnämnden") as address:
        told = {"port": port, "clients": clients, "people": people, "signer": address, "loa": LOA3}
        (home / "configuration.json").write_text(json.dumps(told))
        with (home / "log").open("w") as log:
            process = subprocess.Popen(
                ["node", "server.js", "configuration.json"],
                cwd=home,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("TESTMILJÖ: "), (home / "log").read_text()
            yield line.removeprefix("TESTMILJÖ: ").strip()
        finally:
            process.terminate()
            process.wait(timeout=10)
            process.stdout.close()
