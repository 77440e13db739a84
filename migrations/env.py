"""Alembic's environment: one run brings one schema to the head of its level's tree.

The provisioner gives the open connection, the real schema and the level; nothing is read from a file.
"""

from alembic import context

from stegvis.ground.tenancy.migrating import metadata_of

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=metadata_of(attributes["level"]),
    version_table="alembic_version",
    version_table_schema=attributes["schema"],
    transactional_ddl=False,
)
context.run_migrations()
