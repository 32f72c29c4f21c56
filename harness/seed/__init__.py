"""Seeding: a specification made into the rows of every table, at any scale, by binary COPY.

What is offered here is imported when it is first asked for: a worker process needs little of it, and starts sooner.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.seed.catalogue import declared_catalogue, read_catalogue
    from harness.seed.check import check_declared, check_spec, load_spec
    from harness.seed.crew import default_workers, hired
    from harness.seed.encode import KEY_SEPARATOR
    from harness.seed.manifest import MANIFEST_FILE
    from harness.seed.scale import parse_scale
    from harness.seed.seeding import Profile, discard_parts, fill, has_begun
    from harness.seed.size import estimate_bytes
    from harness.seed.spec import SeedSpec, json_schema

__all__ = [
    "KEY_SEPARATOR",
    "MANIFEST_FILE",
    "Profile",
    "SeedSpec",
    "check_declared",
    "check_spec",
    "declared_catalogue",
    "default_workers",
    "discard_parts",
    "estimate_bytes",
    "fill",
    "has_begun",
    "hired",
    "json_schema",
    "load_spec",
    "parse_scale",
    "read_catalogue",
]

_HOMES = {
    "KEY_SEPARATOR": "encode",
    "MANIFEST_FILE": "manifest",
    "Profile": "seeding",
    "SeedSpec": "spec",
    "check_declared": "check",
    "check_spec": "check",
    "declared_catalogue": "catalogue",
    "default_workers": "crew",
    "discard_parts": "seeding",
    "estimate_bytes": "size",
    "fill": "seeding",
    "has_begun": "seeding",
    "hired": "crew",
    "json_schema": "spec",
    "load_spec": "check",
    "parse_scale": "scale",
    "read_catalogue": "catalogue",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
