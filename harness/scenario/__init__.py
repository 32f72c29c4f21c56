"""Scenario files (TOML and SQL) made into a frozen Scenario; the only place that resolves paths."""

from harness.scenario.fingerprint import access_fingerprint, query_fingerprint, schema_fingerprint
from harness.scenario.load import load_scenario, scenario_names
from harness.scenario.model import AcceptRule, AccessRole, Query, Scenario, SqlFile

__all__ = [
    "AcceptRule",
    "AccessRole",
    "Query",
    "Scenario",
    "SqlFile",
    "access_fingerprint",
    "load_scenario",
    "query_fingerprint",
    "scenario_names",
    "schema_fingerprint",
]
