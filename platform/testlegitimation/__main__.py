"""Starts the provider: ``python -m testlegitimation --port 8010 --home DIR --clients FILE [--people
FILE]``.
"""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server

from testlegitimation.app import create_app, is_loopback
from testlegitimation.clients import BadClients
from testlegitimation.provider import Provider


class QuietHandler(WSGIRequestHandler):
    """Logs method, path and status. Never the query: an authorization request may say who is expected."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        path = urlsplit(getattr(self, "path", "")).path
        if path != "/healthz":
            sys.stderr.write(f"{self.command} {path.split('/')[1] or '/'} {code}\n")


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(
        prog="testlegitimation",
        description="Låtsas vara BankID och Freja, för demo och prov på den egna datorn.",
    )
    parser.add_argument("--port", type=int, default=8010, help="port (8010; 0 = en ledig)")
    parser.add_argument("--bind", default="127.0.0.1", help="loopback-adress att lyssna på (127.0.0.1)")
    parser.add_argument("--issuer", help="utfärdarens adress (http://localhost:PORT)")
    parser.add_argument("--home", type=Path, required=True, help="mapp för nycklar och test-CA")
    parser.add_argument("--clients", type=Path, required=True, help="JSON-fil med klienter")
    parser.add_argument("--people", type=Path, help="JSON-fil med påhittade personer att välja bland")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Serves until it is stopped. 2 when it may not or cannot start as told."""
    told = arguments(argv)
    issuer_host = urlsplit(told.issuer).hostname if told.issuer else "localhost"
    for what, host in (("issuer", issuer_host or ""), ("bind", told.bind)):
        if not is_loopback(host):
            sys.stderr.write(
                f"testlegitimation: {what} {host!r} är inte den egna datorn. "
                "Testmiljön startar bara på loopback, till exempel localhost. Inget har startats.\n"
            )
            return 2
    try:
        family = socket.AF_INET6 if ":" in told.bind else socket.AF_INET
        listener = socket.create_server((told.bind, told.port), family=family, backlog=128)
    except OSError as error:
        sys.stderr.write(
            f"testlegitimation: port {told.port} går inte att använda ({error.strerror}). "
            "Inget har startats. Välj en annan med --port.\n"
        )
        return 2
    port = listener.getsockname()[1]
    issuer = (told.issuer or f"http://localhost:{port}").rstrip("/")
    try:
        provider = Provider.open(issuer=issuer, home=told.home, clients=told.clients, people=told.people)
        provider.clients.all()
        provider.people.all()
    except BadClients as error:
        sys.stderr.write(f"testlegitimation: klientfilen går inte att använda. {error}\n")
        return 2
    except (KeyError, ValueError, OSError) as error:
        sys.stderr.write(f"testlegitimation: mappen eller personfilen går inte att använda. {error!r}\n")
        return 2
    server = make_server(
        told.bind,
        port,
        create_app(provider),
        threaded=True,
        request_handler=QuietHandler,
        fd=listener.fileno(),
    )
    sys.stdout.write(f"TESTMILJÖ: {issuer}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
