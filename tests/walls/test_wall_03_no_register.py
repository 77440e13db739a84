"""Wall 3: nowhere above a vault does it say who is a participant.

H: whoever logs in must be found before anybody knows in which vault, so the first sketch would have grown a
register of people and sessions with numbers in them. C: an account is a row of the vault that it reaches,
found by that vault's own keyed hash; a session holds a scope, an account's id and times.
"""

import base64
import hashlib
import hmac
import json

import psycopg
import pytest
import redis
from flask import Flask, session
from psycopg import sql

from sessions_kept import kept_sessions
from stegvis.config import Settings
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.names import ScopeId
from stegvis.identity.access.rights import FORBUNDSCHEF, REFER
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts import sessions
from stegvis.local.demo_data import RIGHTS
from stegvis.local.demo_people import people
from stegvis.local.installation import DEMO_DAY, set_day
from stegvis.vault.participants import service as participants
from visiting import Login, People, Visitor
from walls.conftest import Role

pytestmark = pytest.mark.walls

# Made-up people; the numbers are of the series that Skatteverket sets aside for tests.
NUMBER = "199001012397"
NAME = "Kanarie Kanariesson"
# What a provider's token looks like: the number lies in it for whoever reads Base64.
ID_TOKEN = f"eyJhbGciOiJFUzI1NiJ9.{base64.urlsafe_b64encode(NUMBER.encode()).decode()}.c2lnbmF0dXI"


def login_everywhere(app: Flask, every_scope: list[ScopeId]) -> dict[ScopeId, tuple[str, str, bytes]]:
    """Open the same person's account in every scope and log in there: token, account id, hash by scope."""
    done = {}
    for one in every_scope:
        if one.publishing:
            continue
        kind = "kansli" if one.level == "forbund" else "deltagare"
        with scope(one) as opened:
            account = str(accounts.open_account(NUMBER, NAME, kind))
            hashed = opened.keys.search_hash(NUMBER)
        with app.test_request_context("/"):
            app.session_interface.save_session(app, session, app.response_class())
            kept = sessions.Kept(ID_TOKEN, ("chrome", "windows"))
            sessions.begin_login(session, str(one), account, "bankid", kept=kept)  # type: ignore[arg-type]
            answer = app.response_class()
            app.session_interface.save_session(app, session, answer)
        cookie = answer.headers["Set-Cookie"]
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        done[one] = (cookie.split(";")[0].removeprefix(f"{sessions.COOKIE}="), account, hashed)
    return done


def everything_in(broker: redis.Redis) -> bytes:
    """All keys and values of the broker, in one text."""
    texts = []
    for key in broker.scan_iter():
        texts.append(key)
        kind = broker.type(key)
        if kind == b"string":
            texts.append(broker.get(key) or b"")
        elif kind == b"hash":
            texts += [part for pair in broker.hgetall(key).items() for part in pair]
        elif kind == b"list":
            texts += broker.lrange(key, 0, -1)
        elif kind == b"set":
            texts += broker.smembers(key)
        elif kind == b"zset":
            texts += broker.zrange(key, 0, -1)
    return b"\n".join(texts)


def test_the_broker_knows_no_number_name_or_token(in_app: Flask, every_scope: list[ScopeId]) -> None:
    logins = login_everywhere(in_app, every_scope)
    broker: redis.Redis = in_app.extensions["stegvis.broker"]
    stored = everything_in(broker)
    for one, (token, account, hashed) in logins.items():
        # What must be there is there, so that the search below looks at the right thing.
        assert account.encode() in stored
        assert str(one).encode() in stored
        secrets = (token, NUMBER, NUMBER[2:], "Kanarie", hashed.hex(), hashed.decode("latin-1"))
        for secret in (*secrets, ID_TOKEN, ID_TOKEN.split(".")[1], "chrome", "windows"):
            assert secret.encode() not in stored


def test_a_session_holds_exactly_one_account(in_app: Flask, every_scope: list[ScopeId]) -> None:
    logins = login_everywhere(in_app, every_scope)
    broker: redis.Redis = in_app.extensions["stegvis.broker"]
    kept = [json.loads(one) for one in kept_sessions(broker)]
    ours = {account for _, account, _ in logins.values()}
    of_ours = [one for one in kept if "login" in one and one["login"]["account"] in ours]
    assert {frozenset(one) for one in of_ours} == {frozenset({"login"})}
    assert {frozenset(one["login"]) for one in of_ours} == {
        frozenset({"id", "scope", "account", "since", "seen", "provider", "outsider", "kept"})
    }


def test_the_list_of_a_persons_logins_is_no_register(in_app: Flask, every_scope: list[ScopeId]) -> None:
    """Who reads the broker finds lists, but not whose: neither by an account's id nor with another scope's key."""
    logins = login_everywhere(in_app, every_scope)
    broker: redis.Redis = in_app.extensions["stegvis.broker"]
    lists = {key: broker.hgetall(key) for key in broker.scan_iter("logins:*")}
    rings = {one: in_app.extensions["stegvis.scopes"].ring(one) for one in logins}
    own = {
        one: sessions.list_keys(rings[one], account)[0].encode() for one, (_, account, _) in logins.items()
    }
    # What must be there is there: each login has its list, found by the scope's own key alone.
    assert set(own.values()) <= lists.keys() and len(set(own.values())) == len(logins)
    every_key = b"\n".join(lists)
    for one, (_token, account, _hashed) in logins.items():
        guesses = [account, f"inloggningar|{account}", f"{one}|{account}"]
        for guess in guesses:
            plain = hashlib.sha256(guess.encode()).hexdigest()
            keyed = hmac.digest(in_app.config["SECRET_KEY"].encode(), guess.encode(), "sha256").hex()
            assert plain.encode() not in every_key and keyed.encode() not in every_key
        strangers = [ring for other, ring in rings.items() if other != one]
        assert not {sessions.list_keys(ring, account)[0].encode() for ring in strangers} & lists.keys()
    told = b"\n".join(part for one in lists.values() for pair in one.items() for part in pair) + every_key
    for one, (token, account, hashed) in logins.items():
        session_key = sessions._key(token).partition(":")[2]
        for secret in (account, session_key, token, NUMBER, hashed.hex(), "bankid"):
            assert secret.encode() not in told
        assert str(one).encode() not in told or "/" not in str(one)


def test_above_the_vaults_nothing_tells_of_a_participant(
    in_app: Flask, every_scope: list[ScopeId], admin: psycopg.Connection
) -> None:
    logins = login_everywhere(in_app, every_scope)
    in_vaults = [(account, hashed) for one, (_, account, hashed) in logins.items() if one.level == "huvudman"]
    assert len({hashed for _, hashed in in_vaults}) == len(in_vaults), "each vault hashes with its own key"
    seen = {}
    for schema, table in admin.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'"
    ).fetchall():
        rows = admin.execute(
            sql.SQL("SELECT t::text FROM {}.{} t").format(sql.Identifier(schema), sql.Identifier(table))
        ).fetchall()
        seen[schema, table] = "\n".join(row[0] for row in rows)
    assert sum(in_vaults[0][0] in text for text in seen.values()) >= 1, "the search finds what is there"
    for (schema, table), text in seen.items():
        assert NUMBER not in text and NUMBER[2:] not in text and "Kanarie" not in text, (schema, table)
        if schema.startswith("hm_"):
            continue
        for account, hashed in in_vaults:
            assert account not in text and hashed.hex() not in text, (schema, table)


def test_a_forbund_cannot_ask_about_an_account(
    in_app: Flask, every_scope: list[ScopeId], as_role: Role
) -> None:
    logins = login_everywhere(in_app, every_scope)
    for one in every_scope:
        if one.level == "huvudman":
            with as_role("fb", ScopeId(one.forbund).role(in_app.config["STEGVIS"].prefix)) as inside:
                for account in (logins[one][1], "00000000-0000-4000-8000-000000000000"):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege), inside.transaction():
                        inside.execute(
                            sql.SQL("SELECT 1 FROM {}.account WHERE id = %s").format(
                                sql.Identifier(one.schema)
                            ),
                            [account],
                        )


def test_an_account_is_found_in_its_own_vault_only(in_app: Flask) -> None:
    only = "199002022396"
    with scope("gavleborg/sandviken"):
        account = accounts.open_account(only, "Prov Provsson", "remittent", organisation="FK")
    found = {}
    for one in ("gavleborg/sandviken", "gavleborg/af_gavle", "kalmar_lan/kalmar", "gavleborg"):
        with scope(one):
            found[one] = accounts.accounts_of_number(only)
    assert found == {
        "gavleborg/sandviken": [(account, "remittent", "FK")],
        "gavleborg/af_gavle": [],
        "kalmar_lan/kalmar": [],
        "gavleborg": [],
    }


def test_a_new_login_makes_the_old_cookie_worthless(in_app: Flask) -> None:
    with in_app.test_request_context("/"):
        session["language"] = "sv"
        first = in_app.response_class()
        in_app.session_interface.save_session(in_app, session, first)
    token = first.headers["Set-Cookie"].split(";")[0].removeprefix(f"{sessions.COOKIE}=")
    with in_app.test_request_context("/", headers={"Cookie": f"{sessions.COOKIE}={token}"}):
        assert session["language"] == "sv"
        sessions.begin_login(session, "gavleborg", "x", "bankid")  # type: ignore[arg-type]
        second = in_app.response_class()
        in_app.session_interface.save_session(in_app, session, second)
    fresh = second.headers["Set-Cookie"].split(";")[0].removeprefix(f"{sessions.COOKIE}=")
    assert fresh != token
    with in_app.test_request_context("/", headers={"Cookie": f"{sessions.COOKIE}={token}"}):
        assert dict(session) == {}
    with in_app.test_request_context("/", headers={"Cookie": f"{sessions.COOKIE}={fresh}"}):
        assert session["login"]["account"] == "x"


def demo_logins(app: Flask) -> dict[str, tuple[Login, list[str]]]:
    """Everybody of the demo, logged in and at the first page: the login, and what must stand nowhere above."""
    found = {}
    for one in people():
        place = "/".join(filter(None, (one.tenant, one.huvudman)))
        kind = {"remittent": "remittent", "forbundschef": "kansli", "deltagare": "deltagare"}.get(
            one.role, "personal"
        )
        with app.app_context(), scope(place) as opened:
            rights = {} if one.role == "deltagare" else {"rights": RIGHTS[one.role], "insats": one.insats}
            account = accounts.open_account(one.personnummer, one.name, kind, **rights)  # type: ignore[arg-type]
            hashed = opened.keys.search_hash(one.personnummer)
            secrets = [one.personnummer, one.personnummer[2:], one.name, hashed.hex()]
            if kind == "deltagare":
                person = participants.ensure(one.personnummer, *one.name.split(" "))
                accounts.join_participant(one.personnummer, person.id)
                secrets.append(str(person.id))
        who = Login(account, one.personnummer, kind, place)
        visitor = Visitor(app, f"{one.tenant.replace('_', '-')}.localhost").logged_in(who)
        assert visitor.get(one.start_url).status_code == 200, one
        found[one.personnummer] = (who, secrets)
    return found


def test_after_every_demo_login_nothing_above_the_vaults_tells(
    app: Flask, settings: Settings, admin: psycopg.Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    set_day(settings, DEMO_DAY)
    logins = demo_logins(app)
    told = capfd.readouterr()
    broker = everything_in(app.extensions["stegvis.broker"]).decode("utf-8", "replace")
    above, within = "", ""
    for schema, table in admin.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_catalog|information_schema)'"
    ).fetchall():
        rows = admin.execute(
            sql.SQL("SELECT t::text FROM {}.{} t").format(sql.Identifier(schema), sql.Identifier(table))
        ).fetchall()
        text = "\n".join(row[0] for row in rows)
        if schema.startswith("hm_"):
            within += text
        else:
            above += text
    assert len(logins) >= 20
    for who, secrets in logins.values():
        # The search looks where something is: the account is in the broker, its hash in the vault.
        assert str(who.account) in broker and (who.kind == "kansli" or secrets[3] in within)
        for secret in secrets:
            assert secret not in broker and secret not in told.err and secret not in told.out
            if who.kind != "kansli" or secret != secrets[3]:
                assert secret not in above
        assert who.kind == "kansli" or str(who.account) not in above


def test_two_hats_are_never_one_session(app: Flask, settings: Settings) -> None:
    """A förbundschef who is also a participant: one session is one of them, and opens nothing of the other."""
    set_day(settings, DEMO_DAY)
    made = People(app)
    chief = made.account("kansli", FORBUNDSCHEF, scope_id="gavleborg", insats="")
    person = made.account("deltagare", number=chief.number)
    visitor = Visitor(app).logged_in(chief)
    assert [visitor.get(path).status_code for path in ("/laget", "/mina-sidor")] == [200, 404]
    visitor.logged_in(person)
    assert [visitor.get(path).status_code for path in ("/laget", "/mina-sidor")] == [404, 200]
    broker: redis.Redis = app.extensions["stegvis.broker"]
    kept = [one.decode() for one in kept_sessions(broker)]
    assert sum(str(chief.account) in one for one in kept) == 1
    assert [one for one in kept if str(chief.account) in one and str(person.account) in one] == []


def test_a_remittents_cookie_opens_its_own_vault_alone(app: Flask, settings: Settings) -> None:
    set_day(settings, DEMO_DAY)
    made = People(app)
    here, there = (
        made.remittent(),
        made.account("remittent", REFER, scope_id="kalmar_lan/kalmar", insats="krus"),
    )
    visitor = Visitor(app).logged_in(here)
    assert visitor.get("/remisser").status_code == 200
    for path in (
        "/laget",
        "/rapporter",
        "/insats/karnhuset/personer",
        "/insats/se_coach/remisser",
        "/mina-sidor",
    ):
        assert visitor.get(path).status_code == 404, path
    elsewhere = Visitor(app, "kalmar-lan.localhost").logged_in(there)
    assert elsewhere.get("/remisser").status_code == 200
    elsewhere.cookie = visitor.cookie
    assert elsewhere.get("/remisser").status_code == 303
