"""Wall 21: no two scopes share a schema or a role, and nothing is made when they would.

H: förbund `skane` with huvudman `nordost_osby` and `skane_nordost` with `osby` gave one schema for two
controllers, and so did two names equal in their first 63 bytes. C: refused before anything is made; a marker
row says whose a schema is.
"""

import shutil
from collections import Counter
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import assume, given
from hypothesis import strategies as st

from stegvis.config import Settings, find_root
from stegvis.ground.definitions import DefinitionError
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.names import NameClash, ScopeId, login, refuse_clashes
from stegvis.ground.tenancy.provision import Provisioner, ProvisionError
from stegvis.ground.tenancy.scope import ScopeError
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.local.installation import set_up, superuser
from stegvis.local.servers import Servers

pytestmark = pytest.mark.walls

FILE = """
[forbund]
id = "{id}"
name = "Prov"
short_name = "Prov"
hosts = ["{host}.localhost"]
[[party]]
id = "prov"
name = "Prov kommun"
kind = "kommun"
[[huvudman]]
id = "{huvudman}"
name = "Prov kommun, nämnden"
responsible = "Nämnden i Prov kommun"
party = "prov"
"""


def two_files(folder: Path, *pairs: tuple[str, str]) -> Path:
    """Write a tenants file per pair of förbund and huvudman."""
    folder.mkdir()
    for forbund, huvudman in pairs:
        text = FILE.format(id=forbund, huvudman=huvudman, host=forbund.replace("_", "-"))
        (folder / f"{forbund}.toml").write_text(text, "utf-8")
    return folder


CLASHES = [
    ([("skane", "nordost_osby"), ("skane_nordost", "osby")], "hm_skane_nordost_osby"),
    ([("a" * 38, "b" * 38)], "längre än 63"),
    ([("prov", "a"), ("prov_a", "ute"), ("prov_b", "x")], "t_hm_prov_a_ute"),
]


@pytest.mark.parametrize(("pairs", "word"), CLASHES)
def test_clashing_files_are_refused_with_a_sentence(
    tmp_path: Path, pairs: list[tuple[str, str]], word: str
) -> None:
    with pytest.raises(DefinitionError) as error:
        load_directory(two_files(tmp_path / "tenants", *pairs), "t")
    sentences = [fault.sentence for fault in error.value.faults]
    assert len(sentences) == 1
    assert word in sentences[0]


@pytest.mark.parametrize(("pairs", "word"), CLASHES)
def test_nothing_is_made(
    running: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pairs: list[tuple[str, str]], word: str
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    two_files(root / "tenants", *pairs)
    shutil.copytree(find_root() / "migrations", root / "migrations")
    monkeypatch.setenv("STEGVIS_ROOT", str(root))
    with pytest.raises(DefinitionError):
        set_up(tmp_path / "home", running, progress=lambda line: None, prefix="t", name="krock")
    with superuser(running.postgres, "postgres") as admin:
        made = admin.execute("SELECT datname FROM pg_database WHERE datname = 'krock'").fetchall()
        made += admin.execute("SELECT rolname FROM pg_roles WHERE rolname = 't_owner'").fetchall()
    assert made == []
    assert not (tmp_path / "home").exists()


ids = st.from_regex(r"[ab]_?[ab]{0,2}(_ute)?", fullmatch=True) | st.from_regex(
    r"[a-z][a-z0-9_]{0,40}", fullmatch=True
)
scopes = st.builds(ScopeId, ids, st.none() | ids) | st.builds(ScopeId, ids, st.none(), st.just(True))


@given(st.lists(scopes, min_size=1, max_size=6, unique=True), st.sampled_from(["stegvis", "t_gw1", "t"]))
def test_what_is_let_through_has_names_of_its_own(found: list[ScopeId], prefix: str) -> None:
    try:
        refuse_clashes(prefix, found)
    except NameClash:
        return
    names = [name for one in found for name in (one.schema, *one.roles(prefix))]
    names += [login(prefix, kind) for kind in ("owner", "migrator", "backup", "fb", "hm", "pub", "door")]
    assert Counter(name.encode()[:63] for name in names).most_common(1)[0][1] == 1
    assert not any(name.startswith(("pg_", f"{prefix}_skal_")) for name in names)


@given(scopes)
def test_the_written_form_is_read_back(one: ScopeId) -> None:
    assert ScopeId.parse(str(one)) == one


@given(st.text(alphabet="ab/:_A1å \n.-", max_size=12))
def test_what_is_no_scope_is_refused(text: str) -> None:
    try:
        one = ScopeId.parse(text)
    except ValueError:
        return
    assert str(one) == text
    assert one.schema.replace("_", "").isalnum()
    assume(one.huvudman)


def test_a_schema_that_is_anothers_is_not_opened(
    in_app: Flask, admin: psycopg.Connection, settings: Settings
) -> None:
    """Somebody moved a schema: its marker tells, when a scope is opened and when it is migrated."""
    marker = "UPDATE hm_skane_nordost_osby.scope_marker SET scope = %s"
    admin.execute(marker, ["skane/nordost_osby"])
    try:
        in_app.extensions["stegvis.scopes"].forget(ScopeId.parse("skane_nordost/osby"))
        with pytest.raises(ScopeError), scope("skane_nordost/osby"):
            pytest.fail("another's schema was opened")
        directory = load_directory(settings.tenants_dir, settings.prefix)
        with pytest.raises(ProvisionError) as error:
            Provisioner(settings, directory).apply()
        assert str(error.value) == (
            "Schemat hm_skane_nordost_osby hör till skane/nordost_osby, inte till skane_nordost/osby."
        )
    finally:
        admin.execute(marker, ["skane_nordost/osby"])
    with scope("skane_nordost/osby") as opened:
        assert opened.session.scalar(sa.select(1)) == 1


def test_provisioning_again_changes_nothing(settings: Settings, admin: psycopg.Connection) -> None:
    state = (
        "SELECT count(*), sum(hashtext(coalesce(relacl::text, '') || relname)) FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname ~ '^(stegvis|fb_|hm_|pub_)'"
    )
    before = admin.execute(state).fetchone()
    directory = load_directory(settings.tenants_dir, settings.prefix)
    assert Provisioner(settings, directory).apply() == []
    assert admin.execute(state).fetchone() == before
