"""The runbook's statements, held against the results: supported, refuted or undecided, each with its figure."""

from harness.claims.facts import FactError, collect_facts
from harness.claims.judge import judge_claims
from harness.claims.model import Claim, load_claims

__all__ = ["Claim", "FactError", "collect_facts", "judge_claims", "load_claims"]
