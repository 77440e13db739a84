"""`/healthz` (the process answers) and `/readyz` (database and broker answer too), on every host."""

import redis
import sqlalchemy as sa
from flask import Blueprint, Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from stegvis.ground.tenancy.models import db

blueprint = Blueprint("health", __name__)
OPEN_ON_EVERY_HOST = frozenset({"health.live", "health.ready"})


@blueprint.get("/healthz")
def live() -> tuple[str, int]:
    """The process runs."""
    return "ok\n", 200


@blueprint.get("/readyz")
def ready() -> tuple[str, int]:
    """Every engine of this process and the broker answer."""
    try:
        for engine in db.engines.values():
            with engine.connect() as connection:
                connection.execute(sa.select(1))
        current_app.extensions["stegvis.broker"].ping()
    except (SQLAlchemyError, redis.RedisError) as error:
        return f"not ready: {type(error).__name__}\n", 503
    return "ready\n", 200


def init_app(app: Flask) -> None:
    """Register the two addresses."""
    app.register_blueprint(blueprint)
