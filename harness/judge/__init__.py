"""From the table of blocks to verdicts: comparisons, attribution, and whether the run passes its gate."""

from harness.judge.again import invalid_record, judge_again, stored_invalid, stored_rules, workload_record
from harness.judge.factors import attribution
from harness.judge.latency import decider, judge, judge_table
from harness.judge.outcome import regressions, undecided
from harness.judge.throughput import MIX, throughput
from harness.judge.view import QueryRules, View, client_share, query_rules

__all__ = [
    "MIX",
    "QueryRules",
    "View",
    "attribution",
    "client_share",
    "decider",
    "invalid_record",
    "judge",
    "judge_again",
    "judge_table",
    "query_rules",
    "regressions",
    "stored_invalid",
    "stored_rules",
    "throughput",
    "undecided",
    "workload_record",
]
