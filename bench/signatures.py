"""`./run bench signatures`: verifying one signature, checking a receipt in both its forms, making the sealed one.

The signature is made here by the test provider's own CA; the receipt is the one that the tests keep. One process, one
after another, nothing started.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.__main__ import machine
from stegvis.identity.eid import verify_signature
from stegvis.identity.eid.evidence import from_json
from stegvis.identity.eid.receipt_file import Pinned, verify_content
from stegvis.identity.eid.receipt_pdf import render
from stegvis.identity.eid.seal import seal
from stegvis.identity.eid.seal_keys import SealStore
from testlegitimation.ca import TestCA
from testlegitimation.people import Person

LIMIT = 50.0
"""Milliseconds that verifying one signature may take."""
KEPT = Path(__file__).parents[1] / "tests" / "stegvis" / "identity" / "eid" / "kept"
TEXT = "Ja till att vi pratar med varandra om dig.\n" * 60
LINE = f"stegvis-sign:v1;tenant=prov/prov;txn=1;doc=sha256:{'0' * 64};text=sha256:{'0' * 64}"
SIGNER = Person("199001019802", "Test", "Testsson")


@dataclass(frozen=True)
class Measured:
    """Milliseconds of each round."""

    what: str
    times: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.times)

    @property
    def slow(self) -> float:
        """What one in twenty is slower than."""
        return statistics.quantiles(self.times, n=20)[-1]


def measure(what: str, rounds: int, act: Callable[[], object]) -> Measured:
    """Time `rounds` of it, after one in ten that does not count."""
    for _ in range(max(1, rounds // 10)):
        act()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return Measured(what, tuple(times))


def run(rounds: int) -> list[Measured]:
    """Measure everything; what takes long in fewer rounds."""
    with tempfile.TemporaryDirectory() as folder:
        ca = TestCA.load_or_create(Path(folder) / "ca")
        xml = ca.sign_bankid(SIGNER, TEXT, LINE.encode())
        answer, now = ca.ocsp(xml), datetime.now(UTC)
        window = (now - timedelta(minutes=5), now + timedelta(minutes=5))

        def verify() -> object:
            return verify_signature(
                xml,
                answer,
                roots=[ca.root_pem],
                visible_text=TEXT,
                binding_line=LINE,
                expected_personnummer=SIGNER.personnummer,
                window=window,
            )

        store = SealStore(Path(folder) / "seal")
        key = store.key("prov/prov", "Provnämnden")
        data = (KEPT / "kvitto-1.json").read_bytes()
        record = from_json(json.loads(data)["content"])
        bare = render(record, key)
        document = seal(bare, key, reason="Kvitto")
        known = Pinned(((KEPT / "kvitto-1-root.pem").read_bytes(),), (store.root_pem(),))
        assert verify_content(data, known).ok and verify_content(document, known).ok
        few = max(5, rounds // 10)
        return [
            measure("pröva en underskrift", rounds, verify),
            measure("pröva ett kvitto, datafil", few, lambda: verify_content(data, known)),
            measure("pröva ett kvitto, PDF", few, lambda: verify_content(document, known)),
            measure("rita kvittot som PDF/A-3a", few, lambda: render(record, key)),
            measure("stämpla det", few, lambda: seal(bare, key, reason="Kvitto")),
        ]


def main(args: list[str]) -> int:
    """Run and print; 1 when verifying a signature takes longer than it may."""
    parser = argparse.ArgumentParser(prog="./run bench signatures")
    parser.add_argument("--rounds", type=int, default=200, help="underskrifter att pröva (200)")
    found = run(parser.parse_args(args).rounds)
    print(machine())  # noqa: T201
    for one in found:
        print(f"{one.what:28} {one.median:7.2f} ms, 19 av 20 inom {one.slow:7.2f} ms")  # noqa: T201
    holds = found[0].median <= LIMIT
    print(f"gräns för en underskrift: {LIMIT:.0f} ms, {'hålls' if holds else 'hålls inte'}")  # noqa: T201
    return 0 if holds else 1
