"""From the table of blocks to verdicts: comparisons, attribution, and whether the run passes its gate."""

from harness.judge.again import invalid_record, judge_again, stored_invalid, stored_rules, workload_record
from harness.judge.factors import attribution
from harness.judge.latency import decider, judge, judge_table
from harness.judge.mixed import mixed_load
from harness.judge.outcome import headlines, regressions, undecided
from harness.judge.pages import query_io
from harness.judge.throughput import throughput
from harness.judge.view import QueryRules, View, client_share, query_rules
from harness.measure.model import MIX

__all__ = [
    "MIX",
    "QueryRules",
    "View",
    "attribution",
    "client_share",
    "decider",
    "headlines",
    "invalid_record",
    "judge",
    "judge_again",
    "judge_table",
    "mixed_load",
    "query_io",
    "query_rules",
    "regressions",
    "stored_invalid",
    "stored_rules",
    "throughput",
    "undecided",
    "workload_record",
]
