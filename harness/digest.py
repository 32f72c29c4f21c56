"""A short digest of plain values, to tell equal ones from others."""

from __future__ import annotations

import json
from hashlib import sha256

_DIGITS = 16


def digest(values: object) -> str:
    """The first digits of the SHA-256 of plain values as JSON."""
    return sha256(json.dumps(values).encode()).hexdigest()[:_DIGITS]
