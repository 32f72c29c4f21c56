"""From the table of blocks to verdicts: comparisons, attribution, and whether the run passes its gate."""

from harness.judge.factors import attribution
from harness.judge.latency import decider, judge, judge_table
from harness.judge.outcome import headlines, regressions, undecided
from harness.judge.pages import query_io
from harness.judge.throughput import MIX, throughput
from harness.judge.view import QueryRules, client_share, query_rules

__all__ = [
    "MIX",
    "QueryRules",
    "attribution",
    "client_share",
    "decider",
    "headlines",
    "judge",
    "judge_table",
    "query_io",
    "query_rules",
    "regressions",
    "throughput",
    "undecided",
]
