"""Two levels in PostgreSQL, hidden behind one `scope(...)`: no query runs without one."""

from stegvis.ground.tenancy.errors import Conflict, DatabaseFault
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.scope import current, savepoint, scope, session, short_scope
from stegvis.ground.tenancy.tenants import Directory, Forbund, Huvudman, InsatsInstance

__all__ = [
    "Conflict",
    "DatabaseFault",
    "Directory",
    "Forbund",
    "Huvudman",
    "InsatsInstance",
    "ScopeId",
    "current",
    "savepoint",
    "scope",
    "session",
    "short_scope",
]
