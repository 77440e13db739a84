"""Talking to a provider: which addresses may be talked to, how long is waited, how much is read."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import requests

from stegvis.identity.eid.errors import EidUnavailable

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TIME_LIMIT = (3.05, 8.0)
"""Seconds to connect and to wait for bytes."""
TOTAL_TIME = 12.0
LARGEST_ANSWER = 2 * 1024 * 1024


def is_safe_address(address: object) -> bool:
    """Whether an address may be talked to: https, or http on this machine (the test provider); no user, no
    fragment.
    """
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.username is not None or parts.fragment or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def origin_of(address: str) -> str:
    """The scheme, host and port of an address, as a content policy wants it."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def read_limited(answer: requests.Response) -> bytes:
    """The body of a streamed answer. A provider that drips or floods is told as ``EidUnavailable``.

    The time limit of requests counts from byte to byte; without an own end a slow provider could hold a
    worker.
    """
    end = time.monotonic() + TOTAL_TIME
    data = bytearray()
    for chunk in answer.iter_content(16 * 1024):
        data += chunk
        if len(data) > LARGEST_ANSWER or time.monotonic() > end:
            raise EidUnavailable("answer too long")
    return bytes(data)
