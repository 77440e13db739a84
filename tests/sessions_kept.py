"""What lies in the broker about sessions, while other tests of the same run begin and end theirs."""

import redis


def kept_sessions(broker: redis.Redis) -> list[bytes]:
    """The content of every session; one that ended between the listing and the reading is left out."""
    found = [broker.get(key) for key in broker.scan_iter("session:*")]
    return [one for one in found if isinstance(one, bytes)]
