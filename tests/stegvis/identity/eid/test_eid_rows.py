"""The file of provider rows: read again when it changes, each row for itself, shown where it belongs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stegvis.ground.tenancy.tenants import Forbund
from stegvis.identity.eid import EidRefused, ProviderConfigError, ensure_client_key
from stegvis.identity.eid.rows import ROWS, RowFile, require

ROW = {
    "id": "bankid",
    "title": "BankID",
    "issuer": "https://eid.example.test",
    "client_id": "stegvis",
    "client_key": "client.jwk",
    "accepted_acr": ["loa3"],
}


def forbund(forbund_eid: Any = None, **huvudmen: Any) -> Forbund:
    """A förbund with what its file shows, and its huvudmän with theirs."""
    return Forbund.model_validate(
        {
            "forbund": {
                "id": "prov",
                "name": "P",
                "short_name": "P",
                "hosts": ("p.localhost",),
                "eid": forbund_eid,
            },
            "party": ({"id": "af", "name": "AF", "kind": "af"},),
            "huvudman": tuple(
                {"id": name, "name": name, "responsible": name, "party": "af", "eid": shown}
                for name, shown in huvudmen.items()
            ),
        }
    )


class File:
    """A folder with rows that a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ensure_client_key(folder / "client.jwk")
        self.file = RowFile(folder)

    def write(self, *rows: dict[str, Any], text: str = "") -> None:
        lines = [text]
        for row in rows:
            lines += ["[[provider]]", *(f"{name} = {json.dumps(value)}" for name, value in row.items())]
        (self.folder / ROWS).write_text("\n".join(lines))


@pytest.fixture
def rows(tmp_path: Path) -> File:
    return File(tmp_path)


def test_a_row_is_there_as_soon_as_it_is_written(rows: File) -> None:
    assert rows.file.read().faults[0].sentence == "Filen med e-legitimationer finns inte."
    rows.write(ROW)
    first = rows.file.read()
    assert [row.handle for row in first.rows] == ["bankid"] and first.faults == ()
    assert rows.file.read() is first
    rows.write(ROW, ROW | {"id": "freja"})
    assert [row.handle for row in rows.file.read().rows] == ["bankid", "freja"]


def test_a_secret_that_changes_is_read_again(rows: File) -> None:
    rows.write(ROW)
    before = rows.file.read().rows[0].provider
    (rows.folder / "client.jwk").chmod(0o644)
    assert rows.file.read().rows[0].provider is None
    (rows.folder / "client.jwk").unlink()
    ensure_client_key(rows.folder / "client.jwk")
    after = rows.file.read().rows[0].provider
    assert before is not None and after is not None and before.key != after.key


def test_a_wrong_row_takes_no_other_with_it_and_is_told_with_its_line(rows: File) -> None:
    rows.write(ROW, ROW | {"id": "freja", "accepted_acr": []}, ROW | {"id": "tredje", "client_key": "x.jwk"})
    found = rows.file.read().rows
    assert [(row.handle, row.provider is not None) for row in found] == [
        ("bankid", True),
        ("freja", False),
        ("tredje", False),
    ]
    faults = [row.fault for row in found if row.fault]
    assert [fault.line for fault in faults] == [15, 21]
    assert str(faults[0]).endswith("providers.toml:15: E-legitimationsleverantören freja saknar accepted_acr, "
                                   "de tillitsnivåer som godtas.")  # fmt: skip
    with pytest.raises(ProviderConfigError, match=r"x\.jwk saknas"):
        require(found, "tredje")


def test_the_same_id_twice_is_told_and_with_another_owner_it_is_not(rows: File) -> None:
    rows.write(ROW, ROW | {"owner": "prov/a"}, ROW | {"owner": "prov/b"}, ROW)
    assert [row.provider is not None for row in rows.file.read().rows] == [True, True, True, False]


@pytest.mark.parametrize(
    ("text", "line"),
    [("[[provider]]\nid = ", 2), ("[other]\nx = 1", 1), ("provider = 3", 1), ("provider = [1]", 1)],
)
def test_a_file_that_is_no_such_file_is_told_with_its_line(rows: File, text: str, line: int) -> None:
    (rows.folder / ROWS).write_text(text)
    found = rows.file.read()
    assert (found.rows, [fault.line for fault in found.faults]) == ((), [line])


@given(st.text(alphabet='[]provide="\n ax1{}#.', max_size=60))
def test_no_text_breaks_the_reading(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("rows")
    (folder / ROWS).write_text(text)
    assert all(row.provider is None for row in RowFile(folder).read().rows)


def test_what_a_forbund_and_its_huvudman_show(rows: File) -> None:
    freja, third = ROW | {"id": "freja"}, ROW | {"id": "tredje"}
    own, theirs = ROW | {"owner": "prov/a", "client_id": "a"}, ROW | {"owner": "annat/a", "client_id": "x"}
    rows.write(ROW, freja, third, own, theirs)
    read = rows.file.read()

    def shown(one: Forbund, huvudman: str = "") -> list[str]:
        found = read.for_signing(one, huvudman) if huvudman else read.for_login(one)
        return [f"{row.owner or '-'}:{row.id}" for row in found]

    silent = forbund(a=None, b=None, c=())
    assert shown(silent) == ["-:bankid", "-:freja", "-:tredje"]
    assert shown(silent, "a") == ["prov/a:bankid"]
    assert shown(silent, "b") == ["-:bankid", "-:freja", "-:tredje"]
    assert shown(silent, "c") == []
    told = forbund(("freja", "bankid"), a=("bankid", "freja"), b=("bankid",), c=None)
    assert shown(told) == ["-:freja", "-:bankid"]
    assert shown(told, "a") == ["prov/a:bankid", "-:freja"]
    assert shown(told, "b") == ["-:bankid"]
    assert shown(told, "c") == ["-:freja", "-:bankid"]


def test_what_is_shown_and_is_no_row_is_named_with_its_place(rows: File) -> None:
    rows.write(ROW, ROW | {"id": "egen", "owner": "prov/a"})
    one = forbund(("bankid", "borta"), a=("egen",), b=("bankid", "egen"))
    assert rows.file.read().missing(one) == [
        (("forbund", "eid", 1), "borta"),
        (("huvudman", 1, "eid", 1), "egen"),
    ]


def test_another_owners_row_is_not_among_those_that_may_be_used(rows: File) -> None:
    rows.write(ROW | {"owner": "annat/a"})
    one = forbund(a=None)
    for found in (rows.file.read().for_login(one), rows.file.read().for_signing(one, "a")):
        with pytest.raises(EidRefused):
            require(found, "a.bankid")
