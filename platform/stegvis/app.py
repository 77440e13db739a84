"""Puts the web application together: settings, engines, scopes, frame and rooms. Wiring only."""

import importlib
from typing import Any

import redis
import sqlalchemy as sa
from flask import Flask, g, request
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.engine import URL

import stegvis.tables  # noqa: F401  every model before the first query
from stegvis import navigation
from stegvis.config import Settings
from stegvis.ground import health, logs, web
from stegvis.ground.day import today
from stegvis.ground.jobs import service as jobs
from stegvis.ground.keys import KeyStore
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.names import login
from stegvis.ground.tenancy.scope import Scopes
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.ground.web import errors
from stegvis.identity.accounts.sessions import BrokerSessions
from stegvis.identity.eid import visits
from stegvis.plugin_host import service as plugins

# Rooms with pages, and rooms with work for the worker, in the order of the import rules.
ROOMS = (
    "identity.eid",
    "identity.accounts",
    "forbund.catalogue",
    "vault.forms",
    "vault.referrals",
    "vault.consent",
    "vault.enrolments",
    "vault.plans",
    "vault.measurements",
    "vault.tasks",
    "vault.own_pages",
    "vault.reporting",
    "publishing",
    "forbund.diarium",
    "forbund.agreements",
    "forbund.reports",
    "forbund.desk",
)
JOB_ROOMS = (
    "identity.audit",
    "vault.referrals",
    "vault.consent",
    "publishing",
    "forbund.reports",
    "forbund.agreements",
)

LOGIN_OF_LEVEL = {"forbund": "fb", "huvudman": "hm", "publicering": "pub", "gallring": "gallring"}
POOL = {"pool_size": 5, "max_overflow": 10, "pool_recycle": 1800, "pool_pre_ping": True}


def create_app(settings: Settings, levels: tuple[str, ...] = ("forbund", "huvudman")) -> Flask:
    """Make the application of one process; `levels` are the engines it gets, and so the walls it can cross.

    Raises DefinitionError for a wrong tenants file or plugin: nothing starts half-way.
    """
    app = Flask("stegvis", static_folder=None)
    app.config.update(
        STEGVIS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=_url(settings, "door"),
        # Flask-SQLAlchemy gives SQLALCHEMY_ENGINE_OPTIONS to the first engine alone: each bind has them itself.
        SQLALCHEMY_BINDS={
            level: {"url": _url(settings, LOGIN_OF_LEVEL[level])} | _engine_options() for level in levels
        },
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(),
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=4 * 1024 * 1024,
        EID_ORIGINS=lambda: visits.rows().origins(),
    )
    logs.configure()
    db.init_app(app)
    directory = load_directory(settings.tenants_dir, settings.prefix)
    Scopes(app, directory, KeyStore(settings.keys_dir), settings.prefix)
    broker = redis.Redis.from_url(settings.valkey_url)
    jobs.init_app(app, broker)
    app.session_interface = BrokerSessions(broker)
    logs.init_app(app)
    _find_forbund(app)
    web.init_app(app, today)
    web.set_colours(app, {f"fb-{one.id.replace('_', '-')}": one.look.colour for one in directory})
    navigation.init_app(app)
    plugins.init_app(app, plugins.checked_registry(directory))
    CSRFProtect(app)
    health.init_app(app)
    for room in ROOMS:
        importlib.import_module(f"stegvis.{room}.routes").init_app(app)
    return app


def load_jobs() -> None:
    """Import the rooms' jobs, so that their handlers are known to a worker."""
    for room in JOB_ROOMS:
        importlib.import_module(f"stegvis.{room}.jobs")


def _url(settings: Settings, kind: str) -> URL:
    database = settings.database
    return sa.URL.create(
        "postgresql+psycopg",
        username=login(settings.prefix, kind),
        password=database.password(kind),
        host=database.host,
        port=database.port,
        database=database.name,
    )


def _engine_options() -> dict[str, Any]:
    # No name resolves without its schema, no parameter stands in a log, and nobody sees who is connected.
    connect = {"options": "-c search_path=", "application_name": "stegvis"}
    return POOL | {"connect_args": connect, "hide_parameters": True}


def _find_forbund(app: Flask) -> None:
    """The first step of every request: which förbund answers on this host. An unknown host is a page, 404."""
    scopes: Scopes = app.extensions["stegvis.scopes"]

    @app.before_request
    def find() -> Any:
        forbund = scopes.directory.by_host(request.host)
        if forbund is not None:
            g.forbund = forbund
            return None
        if request.endpoint in health.OPEN_ON_EVERY_HOST:
            return None
        if request.endpoint is not None and request.endpoint.startswith("web."):
            return None
        return errors.unknown_host()
