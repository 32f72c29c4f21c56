"""The gate: a new run held against a stored one, so that a nightly job fails only for what became worse."""

from harness.gate.against import Side, compare, gate_decider
from harness.gate.fit import check_fit, differing_conditions, subject
from harness.gate.stored import StoredRun, read_run, resolve_run
from harness.result import Gate

__all__ = [
    "Gate",
    "Side",
    "StoredRun",
    "check_fit",
    "compare",
    "differing_conditions",
    "gate_decider",
    "read_run",
    "resolve_run",
    "subject",
]
