"""What a seeding records of what it was made from."""

from __future__ import annotations

from dataclasses import replace

from harness.phases.seed import with_fingerprints
from harness.result import SeedManifest
from harness.scenario import load_scenario
from harness.seed import load_spec


def test_a_server_without_the_roles_has_another_access_and_the_same_data() -> None:
    scenario = load_scenario("crm")
    spec = load_spec(scenario.seed)
    usual = with_fingerprints(SeedManifest(rows=7), scenario, spec, has_roles=True)
    without = with_fingerprints(SeedManifest(rows=7), scenario, spec, has_roles=False)
    assert usual.rows == 7
    assert all((usual.schema_fingerprint, usual.seed_fingerprint, usual.access_fingerprint))
    assert without == replace(usual, access_fingerprint="left out")
