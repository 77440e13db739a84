"""The keys of the open scope: set by the scope, read by sealed fields."""

from contextvars import ContextVar, Token

from stegvis.ground.keys.keyring import KeyFault, KeyRing

_ring: ContextVar[KeyRing | None] = ContextVar("stegvis_keyring", default=None)


def get_ring() -> KeyRing:
    """The open scope's keys; raises KeyFault when no scope is open."""
    ring = _ring.get()
    if ring is None:
        raise KeyFault("no scope is open: sealed fields cannot be read or written")
    return ring


def set_ring(ring: KeyRing) -> Token[KeyRing | None]:
    """Make a scope's keys the current ones."""
    return _ring.set(ring)


def reset_ring(token: Token[KeyRing | None]) -> None:
    """Give back what was before."""
    _ring.reset(token)
