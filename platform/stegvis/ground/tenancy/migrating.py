"""What migration scripts need: the real schema's name, which Alembic's operations do not translate."""

import sqlalchemy as sa
from alembic import context

from stegvis.ground.tenancy.models import db


def schema() -> str:
    """The schema that is being migrated."""
    return str(context.config.attributes["schema"])


def ref(target: str) -> str:
    """A foreign key's target in the same schema: `ref("account.id")`."""
    return f"{schema()}.{target}"


def metadata_of(level: str) -> sa.MetaData:
    """The metadata of a level, as the models declare it (in a process that has imported them)."""
    return db.metadatas[None if level == "stegvis" else level]
