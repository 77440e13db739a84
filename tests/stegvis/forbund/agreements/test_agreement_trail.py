"""Reading a page of signatures: a made-up one with the faults that are in use, and any that can be written."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from stegvis.cli import cli
from stegvis.forbund.agreements.trail import Outside, Trail, TrailFault, read_trail, read_trail_bytes
from stegvis.forbund.agreements.trail_remarks import fault_of_id

PAGE = Path(__file__).with_name("made_up_trail.txt")
SWEDEN = ZoneInfo("Europe/Stockholm")


@pytest.fixture(scope="module")
def page() -> Trail:
    return read_trail(PAGE.read_text("utf-8"))


def of_code(trail: Trail, code: str) -> list[str]:
    return [one.sentence for one in trail.remarks if one.code == code]


def test_six_signers_are_found_as_they_stand(page: Trail) -> None:
    assert [one.name for one in page.signers] == [
        "TESTINA TESTBERG",
        "PROVA PÅHITTSDOTTER-EXEMPEL",
        "TEST TREDJESSON",
        "Fjärde Mellan Provsson",
        "FEMTE EXEMPEL",
        "SJÄTTE TESTSSON ÖVNING",
    ]
    assert {one.method for one in page.signers} == {"BankID / Freja eID"}
    assert [one.transaction_id[-2:] for one in page.signers] == ["01", "02", "03", "04", "05", "06"]
    assert page.pages_before == 5
    assert len(page.legend) == 3


def test_the_malformed_id_is_told_with_its_line_and_what_is_wrong(page: Trail) -> None:
    (only,) = [one for one in page.remarks if one.code == "id_har_fel_form"]
    assert PAGE.read_text("utf-8").splitlines()[only.lines[0] - 1].startswith("7b1d7e0a")
    assert "TEST TREDJESSON" in only.sentence
    assert "grupp 5 har 13 tecken och ska ha 12" in only.sentence


def test_the_wrong_offset_is_told_once_with_the_right_one(page: Trail) -> None:
    (only,) = [one for one in page.remarks if one.code == "fel_forskjutning"]
    assert len(only.lines) == 6
    assert "+02:00 är fel för alla tider: svensk tid var +01:00" in only.sentence
    assert page.signers[0].at == datetime(2022, 1, 18, 8, 15, tzinfo=UTC)
    assert str(page.signers[0].in_sweden) == "2022-01-18 09:15:00+01:00"


def test_the_seventh_stands_outside_and_belongs_to_no_signature(page: Trail) -> None:
    assert [(one.name, one.organisation) for one in page.outside] == [
        ("Sjunde Papperssson", "Myndigheten för övning")
    ]
    assert len(of_code(page, "utanfor_sparet")) == 1


def test_what_the_page_does_not_say_is_told_and_nothing_else(page: Trail) -> None:
    assert [one.code for one in page.remarks] == [
        "id_har_fel_form",
        "fel_forskjutning",
        "utanfor_sparet",
        "metod_oklar",
        "organisation_saknas",
        "roll_saknas",
        "kontrollsumma_saknas",
    ]


def test_in_summer_the_same_offset_is_right() -> None:
    text = PAGE.read_text("utf-8").replace("2022-01-1", "2022-07-1")
    assert not of_code(read_trail(text), "fel_forskjutning")


def test_a_page_that_says_everything_has_no_remarks() -> None:
    page = read_trail(
        "Document-id: 3f2b8d7a-1111-4a22-8b33-444455556666\n"
        f"SHA-256: {'ab' * 32}\n\n"
        "Test Testsson\nOrdförande, Provkommunens socialnämnd\nStällningsfullmakt\n"
        "7b1d7e0a-52a0-4d0e-9c53-0f4f3c1f6a01 - 2024-02-01 10:15:00 UTC +01:00\n"
        "BankID - 0e0c5f7e-6b4b-4a85-9a0d-5cf3b0f0aa01 - SE\n"
    )
    (one,) = page.signers
    assert (one.name, one.role) == ("Test Testsson", "stallningsfullmakt")
    assert one.details == ("Ordförande, Provkommunens socialnämnd", "Ställningsfullmakt")
    assert page.digests == ("ab" * 32,)
    assert page.document_ids == ("3f2b8d7a-1111-4a22-8b33-444455556666",)
    assert page.remarks == ()


def test_the_same_signer_twice_is_told() -> None:
    text = PAGE.read_text("utf-8").replace("FEMTE EXEMPEL", "Testina Testberg")
    (told,) = of_code(read_trail(text), "samma_flera_ganger")
    assert "Samma namn står hos 2 underskrifter" in told


@pytest.mark.parametrize(
    ("stamp", "code"),
    [
        ("2024-02-30 10:15:00 UTC +01:00", "tid_finns_inte"),
        ("2024-02-03 10:15:00", "forskjutning_saknas"),
        ("2024-02-03 10:15:00 UTC -01:00", "fel_forskjutning"),
    ],
)
def test_an_odd_time_is_read_and_told(stamp: str, code: str) -> None:
    text = f"Test Testsson\n7b1d7e0a-52a0-4d0e-9c53-0f4f3c1f6a01 - {stamp}\nBankID - x - SE\n"
    assert len(of_code(read_trail(text), code)) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7 ...", "Filen är en PDF"),
        (b"\xff\xfe\x00", "inte en textfil i UTF-8"),
        ("En ansökan utan underskrifter. 2024-01-01 - 2024-12-31".encode(), "inga underskrifter i filen"),
        (b"a" * (2 * 1024 * 1024 + 1), "2 MB"),
    ],
)
def test_what_is_no_trail_is_told_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(TrailFault, match=sentence):
        read_trail_bytes(content)


# -- any page ------------------------------------------------------------------------------------

names = st.lists(
    st.sampled_from(["Test", "Prova", "Åke-Öjvind", "TESTSSON", "Ärlig", "von"]), min_size=2, max_size=4
)
moments = st.datetimes(datetime(2015, 1, 1), datetime(2035, 12, 31)).map(lambda at: at.replace(microsecond=0))
offsets = st.sampled_from([0, 60, 120, 330, -180]).map(lambda minutes: timedelta(minutes=minutes))
entries = st.tuples(names.map(" ".join), st.uuids(), moments, offsets, st.uuids(), st.booleans())


@given(st.lists(entries, min_size=1, max_size=8), st.integers(1, 300), st.booleans())
def test_every_page_comes_back_signer_by_signer(rows: list, pages: int, legend: bool) -> None:
    lines = [f"Detta dokument innehåller {pages} sidor före denna sida", ""]
    for name, one, at, offset, transaction, blank in rows:
        sign, whole = ("-", -offset) if offset < timedelta(0) else ("+", offset)
        hours, minutes = divmod(int(whole.total_seconds()) // 60, 60)
        lines += [name, *([""] if blank else []), f"{one} - {at} UTC {sign}{hours:02}:{minutes:02}"]
        lines += [f"BankID - {transaction} - SE", ""]
    if legend:
        lines += ["custodial\thuoltaja\tförvaltare"]
    trail = read_trail("\n".join(lines))
    assert trail.pages_before == pages
    assert [
        (one.name, one.signature_id, one.stated, one.offset, one.transaction_id) for one in trail.signers
    ] == [(name, str(one), at, offset, str(transaction)) for name, one, at, offset, transaction, _ in rows]
    wrong = {place for remark in trail.remarks if remark.code == "fel_forskjutning" for place in remark.lines}
    for row, one in zip(rows, trail.signers, strict=True):
        _, _, at, offset, _, _ = row
        moment = at.replace(tzinfo=timezone(offset))
        assert one.at == moment
        assert (
            one.in_sweden is not None and one.in_sweden.utcoffset() == moment.astimezone(SWEDEN).utcoffset()
        )
        odd = offset != timedelta(0) and offset != moment.astimezone(SWEDEN).utcoffset()
        assert (one.line in wrong) == odd
    assert not trail.outside
    assert {one.code for one in trail.remarks} >= ({"roll_saknas"})
    assert "rad_ej_last" not in {one.code for one in trail.remarks}


@given(st.text(alphabet="aA1-:+ \n\t/ÅUTCSE2024", max_size=400))
def test_any_text_is_read_or_told_to_be_no_trail(text: str) -> None:
    stamp = "\n7b1d7e0a-52a0-4d0e-9c53-0f4f3c1f6a01 - 2024-02-03 10:15:00 UTC +01:00\n"
    with pytest.raises(TrailFault):
        read_trail(text.replace("-", ""))
    found = read_trail(text + stamp + text)
    assert len(found.signers) == (text + stamp + text).count("10:15:00") == 1


@given(st.uuids(), st.integers(0, 35), st.sampled_from(["", "0", "g", "-"]))
def test_an_id_is_right_only_with_its_five_groups(one: object, place: int, put: str) -> None:
    written = str(one)
    assert fault_of_id(written) == ""
    other = written[:place] + put + written[place + 1 :]
    right = len(other) == 36 and [place for place, letter in enumerate(other) if letter == "-"] == [
        8,
        13,
        18,
        23,
    ]
    assert (fault_of_id(other) == "") == (right and "g" not in other)


# -- the command ---------------------------------------------------------------------------------


def test_the_command_tells_signers_and_remarks_and_ends_with_0() -> None:
    done = CliRunner().invoke(cli, ["agreement", "import-trail", str(PAGE)])
    assert done.exit_code == 0
    assert "6 underskrifter i spåret, 1 utanför, 5 sidor före sidan med spåret." in done.output
    assert "Sjunde Papperssson, Myndigheten för övning" in done.output
    assert "Anmärkningar: 7" in done.output


def test_the_command_gives_the_same_for_machines() -> None:
    done = CliRunner().invoke(cli, ["agreement", "import-trail", str(PAGE), "--json"])
    told = json.loads(done.output)
    assert [one["utc"] for one in told["signers"]][:1] == ["2022-01-18T08:15:00+00:00"]
    assert told["signers"][0]["swedish_time"] == "2022-01-18T09:15:00+01:00"
    assert told["outside"][0]["name"] == "Sjunde Papperssson"
    assert told["remarks"][0]["code"] == "id_har_fel_form"


def test_the_command_ends_with_2_and_one_sentence_for_another_file(tmp_path: Path) -> None:
    other = tmp_path / "annat.txt"
    other.write_text("Hej", "utf-8")
    done = CliRunner().invoke(cli, ["agreement", "import-trail", str(other)])
    assert done.exit_code == 2
    assert "inga underskrifter i filen" in done.output


def test_who_stands_outside_without_a_repeated_name_is_one_line() -> None:
    text = PAGE.read_text("utf-8").replace("\nSjunde Papperssson\n", "\n")
    (only,) = read_trail(text).outside
    assert only == Outside(only.line, "Sjunde Papperssson Myndigheten för övning", "")
