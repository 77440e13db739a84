"""The receipt of a samtycke as a person fetches it, and a samtycke that was approved but not signed."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdf
import pytest

from asked import Asked
from eid_rows import Rows, changed_rows
from stegvis.config import Settings
from stegvis.identity.eid import seal_keys
from stegvis.identity.eid.receipt_file import Pinned, pinned, verify_content
from stegvis.identity.eid.receipt_pdf import NOT_SIGNED
from stegvis.identity.eid.visits import FOLDER
from visiting import RunningEid, Visitor

Browse = Callable[..., Visitor]
SEAL = "gavleborg.sandviken.pem"


@pytest.fixture
def known(settings: Settings) -> Callable[[], Pinned]:
    """The roots that the installation believes."""
    return lambda: pinned(settings.home / FOLDER, settings.home / seal_keys.FOLDER, test=True)


@pytest.fixture
def without_signature(eid: RunningEid, settings: Settings) -> Iterator[Rows]:
    """BankID as a provider that makes no signatures."""
    with changed_rows(settings) as rows:
        rows.add(rows.row("bankid") | {"sign": "none"})
        yield rows


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def links(asked: Asked) -> list[str]:
    """Where the page leads for the receipt: the document first."""
    return asked.visitor.page.links("/kvitto")


def fetched(asked: Asked, link: str, kind: str) -> bytes:
    received = asked.visitor.client.get(link, base_url=asked.visitor.base)
    assert (received.status_code, received.mimetype) == (200, f"application/{kind}")
    assert (
        received.headers["Content-Disposition"] == f'attachment; filename="samtycke-{asked.consent}.{kind}"'
    )
    return received.data


def test_both_forms_hold_and_say_who_came_back(
    asked: Asked, known: Callable[[], Pinned], settings: Settings
) -> None:
    asked.sign()
    document, data = links(asked)
    pdf, plain = fetched(asked, document, "pdf"), fetched(asked, data, "json")
    for content in (pdf, plain):
        report = verify_content(content, known())
        assert (report.ok, report.signed) == (True, True), report.lines
    assert pypdf.PdfReader(io.BytesIO(pdf)).attachments["kvitto.json"] == [plain]
    record = json.loads(plain)["content"]
    assert record["signer"]["browser"]["ip"] == "127.0.0.1"
    assert record["signer"]["browser"]["user_agent"].startswith("Werkzeug/")
    assert len(record["signer"]["browser"]["device_sha256"]) == 64
    assert asked.visitor.cookie not in plain.decode()
    assert "Ansvarig för dina uppgifter: Nämnden för individ- och familjeomsorg" in words(pdf)
    assert NOT_SIGNED not in words(pdf) + asked.visitor.page.words
    assert (settings.home / seal_keys.FOLDER / SEAL).stat().st_mode & 0o777 == 0o600
    changed = plain.replace(b"karnhuset_samtycke", b"karnhuset_samtyckf", 1)
    assert changed != plain and not verify_content(changed, known()).ok
    assert not verify_content(pdf[:7000] + b"~" + pdf[7001:], known()).ok


def test_a_seal_that_cannot_be_used_leads_back_with_a_sentence(
    asked: Asked, settings: Settings, known: Callable[[], Pinned]
) -> None:
    asked.sign()
    document, data = links(asked)
    path: Path = settings.home / seal_keys.FOLDER / SEAL
    path.parent.mkdir(mode=0o700, exist_ok=True)
    before = path.read_bytes() if path.exists() else None
    path.write_bytes(b"spoilt")
    try:
        asked.visitor.get(document, follow=True)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
    assert asked.visitor.answer is not None and asked.visitor.answer.request.path == asked.path
    assert "Kvittot gick inte att göra som PDF. Ditt ja är kvar." in asked.visitor.page.words
    assert verify_content(fetched(asked, data, "json"), known()).ok, "the data file needs no seal"


def test_what_is_not_signed_is_called_approved_everywhere(
    without_signature: Rows, asked: Asked, known: Callable[[], Pinned]
) -> None:
    asked.visitor.get(asked.path)
    assert "Godkänn med" in asked.visitor.page.words
    asked.sign()
    page = asked.visitor.page.words
    assert "Tack. Ditt samtycke är godkänt efter inloggning, inte underskrivet. Det gäller nu." in page
    assert f"{NOT_SIGNED}." in page
    assert (asked.states(), asked.evidence()) == (("given", "oppen"), [("giltig", "")])
    document, data = links(asked)
    pdf, plain = fetched(asked, document, "pdf"), fetched(asked, data, "json")
    record = json.loads(plain)["content"]
    assert (record["assurance"], record["proof"]["signature"]) == ("godkant_efter_inloggning", None)
    assert record["proof"]["signature_format"] == "oidc-idtoken"
    assert NOT_SIGNED in words(pdf) and "Underskrivet med e-legitimation" not in words(pdf)
    for content in (pdf, plain):
        report = verify_content(content, known())
        assert (report.ok, report.signed) == (True, False), report.lines
        assert f"OBS  {NOT_SIGNED}." in report.lines
    asked.visitor.get(asked.path)
    assert f"{NOT_SIGNED}." in asked.visitor.page.words, "the page says so as long as it is shown"
