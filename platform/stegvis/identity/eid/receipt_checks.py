"""Runs every check of a signing again from its evidence alone: text, binding, signature, tokens, signer,
times.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from stegvis.ground.day import SWEDEN
from stegvis.identity.eid import binding, tokens
from stegvis.identity.eid.claims import full_name, seconds_of, text_of, value_of
from stegvis.identity.eid.errors import EidRefused, ProviderConfigError
from stegvis.identity.eid.evidence import (
    Evidence,
    certificate_facts,
    checks_of,
    claim_map,
    signed_members,
)
from stegvis.identity.eid.receipt_requests import Asked, CheckFailed, must, read_request
from stegvis.identity.eid.signature import SignatureInvalid, VerifiedSignature, verify_signature
from stegvis.identity.eid.tokens import Decoded


@dataclass
class Findings:
    """The lines of a report. ``ok`` as long as no line is a fault."""

    lines: list[str] = field(default_factory=list)
    ok: bool = True

    def right(self, sentence: str) -> None:
        self.lines.append(f"OK   {sentence}")

    def wrong(self, sentence: str) -> None:
        self.lines.append(f"FEL  {sentence}")
        self.ok = False

    def note(self, sentence: str) -> None:
        self.lines.append(f"OBS  {sentence}")

    def add(self, holds: bool, right: str, wrong: str) -> None:
        """One line: ``right`` when it holds, otherwise ``wrong``."""
        if holds:
            self.right(right)
        else:
            self.wrong(wrong)


def check_evidence(record: Evidence, roots: Sequence[bytes], findings: Findings) -> None:
    """Adds one line per check. Nothing but the record and the pinned roots is used."""
    _run(findings, "Texten och dokumentet är de som underskriften är bunden till.", lambda: _text(record))
    verified: VerifiedSignature | None = None
    if record.assurance == "underskrift":
        verified = _signature(record, roots, findings)
    else:
        _run(findings, "Ingen underskrift begärdes och ingen finns.", lambda: _no_signature(record))
        findings.note("Godkänt efter inloggning, inte underskrivet.")
    request = _token(
        findings, "Begäran är signerad av tjänsten", record.proof.request_object, record.proof.request_jwk
    )
    id_token = _token(
        findings, "Intyget från leverantören är signerat", record.proof.id_token, record.proof.id_token_jwk
    )
    userinfo = _userinfo(record, id_token, findings)
    asked = _request(record, request, findings) if request is not None else None
    if asked is not None and id_token is not None:
        _run(
            findings,
            "Intyget svarar på just den här begäran, i rätt tid och med rätt nivå.",
            lambda: _id_token(record, asked, id_token),
        )
    if id_token is not None and userinfo is not None:
        _run(
            findings,
            "Samma person står i certifikat, intyg, personuppgifter, begäran och kvitto.",
            lambda: _same_person(record, verified, id_token, userinfo),
        )
    if verified is not None:
        _run(
            findings,
            "Uppgifterna om certifikatet är certifikatets egna.",
            lambda: _recorded(record, verified),
        )
    if record.version >= 2 and (verified is not None or record.assurance != "underskrift"):
        _run(
            findings,
            "Det som tjänsten fann när den prövade underskriften är det som finns nu.",
            lambda: _found(record, verified),
        )
    _run(findings, "Tiderna följer på varandra.", lambda: _times(record, verified))
    _say_what_is_covered(record, verified, findings)


def _run(findings: Findings, sentence: str, check: Callable[[], None]) -> None:
    try:
        check()
    except CheckFailed as error:
        findings.wrong(str(error))
    except SignatureInvalid as error:
        findings.wrong(error.sentence)
    except EidRefused as error:
        findings.wrong(f"{sentence.rstrip('.')}: stämmer inte ({error.reason_code.value}).")
    except (binding.BindingError, ProviderConfigError) as error:
        findings.wrong(str(error))
    except (KeyError, TypeError, AttributeError, ValueError):
        findings.wrong(f"{sentence.rstrip('.')}: uppgifter saknas eller har fel form.")
    else:
        findings.right(sentence)


def _text(record: Evidence) -> None:
    matter = record.matter
    line = binding.read_binding_line(matter.binding_line)
    must(line.text == binding.text_sha256(matter.text), "Texten i kvittot är inte den som skrevs under.")
    manifest = matter.manifest_json.encode("utf-8")
    must(line.doc == binding.sha256_hex(manifest), "Dokumentet i kvittot är inte det som skrevs under.")
    differing = [name for name, agrees in signed_members(record).items() if not agrees]
    must(not differing, f"Dokumentet säger något annat än kvittot om: {', '.join(differing)}.")
    must(line.tenant == matter.tenant, "Underskriften hör till en annan organisation än kvittot säger.")
    must(line.txn == matter.transaction_id, "Underskriften hör till ett annat tillfälle än kvittot säger.")


def _signature(record: Evidence, roots: Sequence[bytes], findings: Findings) -> VerifiedSignature | None:
    found: list[VerifiedSignature] = []

    def verify() -> None:
        must(record.proof.signature is not None, "Underskriften saknas i kvittot.")
        must(record.proof.signature_format == "bankid-xmldsig-1", "Kvittot anger fel form av underskrift.")
        found.append(
            verify_signature(
                record.proof.signature or b"",
                record.proof.ocsp,
                roots=roots,
                visible_text=record.matter.text,
                binding_line=record.matter.binding_line,
                expected_personnummer=record.signer.personnummer,
                window=(record.times.started_at, record.times.completed_at),
            )
        )

    _run(findings, "Underskriften håller: innehåll, certifikat mot roten och spärrkontroll.", verify)
    for warning in found[0].warnings if found else ():
        findings.note(warning)
    return found[0] if found else None


def _no_signature(record: Evidence) -> None:
    must(record.proof.signature is None, "Kvittot säger att ingen underskrift finns, men det har en.")
    must(record.proof.signature_format == "oidc-idtoken", "Kvittot anger fel form av underskrift.")


def _token(findings: Findings, what: str, token: str, jwk: Mapping[str, str]) -> Decoded | None:
    try:
        decoded = tokens.verify(token, jwk)
    except EidRefused:
        findings.wrong(f"{what}: signaturen stämmer inte med den nyckel som sparades.")
        return None
    findings.right(f"{what}: signaturen stämmer med den nyckel som sparades.")
    return decoded


def _userinfo(record: Evidence, id_token: Decoded | None, findings: Findings) -> Decoded | None:
    """The signed UserInfo; the ID token itself where the provider gave everything there."""
    proof = record.proof
    if proof.userinfo is None or proof.userinfo_jwk is None:
        findings.add(
            proof.userinfo is None and proof.userinfo_jwk is None,
            "Personuppgifterna står i intyget.",
            "Personuppgifterna saknar sin nyckel, eller nyckeln sina personuppgifter.",
        )
        return id_token
    return _token(findings, "Personuppgifterna är signerade", proof.userinfo, proof.userinfo_jwk)


def _request(record: Evidence, request: Decoded, findings: Findings) -> Asked | None:
    found: list[Asked] = []
    _run(
        findings,
        "Begäran visade just den här texten för just den här personen.",
        lambda: found.append(read_request(record, request)),
    )
    return found[0] if found else None


def _id_token(record: Evidence, asked: Asked, id_token: Decoded) -> None:
    signer, names = record.signer, claim_map(record)
    expected = tokens.Expected(
        issuer=signer.iss,
        client_id=signer.client_id,
        nonce=asked.nonce,
        requested_at=record.times.started_at,
        accepted_acr=asked.levels,
        names=names,
        longest_lifetime=asked.longest_lifetime,
    )
    tokens.check_id_token(id_token.claims, expected, record.times.completed_at)
    said = (
        id_token.claims["sub"],
        value_of(id_token.claims, names.level),
        seconds_of(id_token.claims, names.auth_time),
    )
    must(
        said == (signer.sub, signer.acr, signer.auth_time.timestamp()),
        "Intyget säger något annat än kvittot om vem, hur säkert eller när.",
    )
    must(
        signer.level == signer.acr.rsplit("/", 1)[-1], "Tillitsnivån i kvittot är inte den som intyget anger."
    )
    for name, blob in (
        (names.user_signature, record.proof.signature),
        (names.authn_evidence, record.proof.ocsp),
    ):
        kept = None if blob is None else base64.b64encode(blob).decode("ascii")
        must(
            value_of(id_token.claims, name) == kept,
            "Underskriften eller spärrsvaret är inte det som intyget bar.",
        )


def _same_person(
    record: Evidence, verified: VerifiedSignature | None, id_token: Decoded, userinfo: Decoded
) -> None:
    signer, names = record.signer, claim_map(record)
    number = tokens.read_person(id_token.claims, names)
    numbers = {
        signer.personnummer,
        signer.expected_personnummer,
        number.digits,
        tokens.read_person(userinfo.claims, names).digits,
    }
    shown = full_name(userinfo.claims, names)
    if verified is not None:
        numbers.add(verified.signer_personnummer)
        shown = verified.signer_name
    must(len(numbers) == 1, "Det är inte samma person i alla delar av kvittot.")
    must(signer.is_coordination_number == number.is_coordination_number, "Numrets sort stämmer inte.")
    must(signer.name == shown, "Namnet i kvittot är inte det som underskriften bär.")
    for claim, kept in (
        (names.txn, signer.txn),
        (names.authn_provider, signer.authn_provider),
        (names.device_ip, signer.device_ip),
    ):
        said = text_of(userinfo.claims, claim)
        said = said if said is not None else text_of(id_token.claims, claim)
        must(said == kept, "Intyget säger något annat än kvittot om hur det gick till.")
    if record.proof.userinfo is not None:
        tokens.check_userinfo(
            userinfo.claims, id_token.claims, signer.iss, signer.client_id, record.times.completed_at
        )


def _recorded(record: Evidence, verified: VerifiedSignature) -> None:
    result = record.verification_result
    same = (
        result.certificate == certificate_facts(verified)
        and result.shown_relying_party == verified.relying_party
        and result.warnings == verified.warnings
    )
    must(same, "Kvittot säger något annat om certifikatet än certifikatet självt.")


def _found(record: Evidence, verified: VerifiedSignature | None) -> None:
    same = record.verification_result.checks == checks_of(record.matter, verified)
    must(same, "Kvittot säger att tjänsten fann något annat än det som finns nu.")


def _times(record: Evidence, verified: VerifiedSignature | None) -> None:
    times = record.times
    must(times.started_at <= times.completed_at, "Kvittot säger att svaret kom före begäran.")
    must(record.verification_result.verified_at >= times.started_at, "Kontrollen gjordes före underskriften.")
    if record.assurance == "underskrift" and verified is None:
        return
    signed_at = verified.signed_at if verified is not None else None
    must(times.signed_at == signed_at, "Tiden för underskriften är inte den som utfärdaren angav.")


def _say_what_is_covered(record: Evidence, verified: VerifiedSignature | None, findings: Findings) -> None:
    if verified is not None:
        findings.note(
            f"Underskrivet {_shown(verified.signed_at)} av {verified.signer_name}, "
            f"född {verified.signer_personnummer[:8]}. Den som bad om underskriften visades som "
            f"{verified.relying_party}."
        )
        findings.note(
            "Underskriften täcker texten och raden som binder den till dokumentet, organisationen "
            f"och tillfället. Därmed täcker den dokumentets innehåll (manifest_json{_named(record)})."
        )
    findings.note(
        "Övriga uppgifter (ärende, roll, webbläsare, tider hos tjänsten) täcks bara av kontrollsummor "
        "utan nyckel: de visar en ändrad byte men inte vem som räknade fram dem. Nycklarna till begäran, "
        "intyg och personuppgifter ligger i kvittot; jämför dem med dem som tjänsten och leverantören "
        "har publicerat om du behöver vara säker."
    )


def _named(record: Evidence) -> str:
    try:
        return "".join(f", {name}" for name in signed_members(record))
    except ValueError:
        return ""


def _shown(at: datetime) -> str:
    there = at.astimezone(SWEDEN)
    return f"{there:%Y-%m-%d klockan %H.%M.%S} (svensk tid, UTC{there.isoformat()[-6:]})"
