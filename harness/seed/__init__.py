"""Seeding: a specification made into the rows of every table, at any scale, by binary COPY."""

from harness.seed.catalogue import declared_catalogue, read_catalogue
from harness.seed.check import check_spec, load_spec
from harness.seed.manifest import FILE_NAME as MANIFEST_FILE
from harness.seed.scale import parse_scale
from harness.seed.seeding import Profile, default_workers, discard_parts, fill, has_begun
from harness.seed.size import estimate_bytes
from harness.seed.spec import SeedSpec, json_schema

__all__ = [
    "MANIFEST_FILE",
    "Profile",
    "SeedSpec",
    "check_spec",
    "declared_catalogue",
    "default_workers",
    "discard_parts",
    "estimate_bytes",
    "fill",
    "has_begun",
    "json_schema",
    "load_spec",
    "parse_scale",
    "read_catalogue",
]
