"""Statistics without input, output or clock: Sample -> Effect -> Verdict."""

from harness.stats.binomial import clopper_pearson
from harness.stats.effect import estimate, lag_one, log_ratios, noise_bound
from harness.stats.factorial import Contrasts, Factorial, factorial, typical_contrasts
from harness.stats.holm import holm
from harness.stats.model import Decision, Effect, Evidence, Pair, Rules, Series, Shift, ShiftDecision, Verdict
from harness.stats.paired import typical_ratio
from harness.stats.power import blocks_needed, detectable_effect, spread
from harness.stats.quantiles import ABSENT_BELOW, ADVISORY_BELOW, median_interval, quantile
from harness.stats.shift import decide_shifts
from harness.stats.verdict import decide_family, gather_evidence, taken_looks

__all__ = [
    "ABSENT_BELOW",
    "ADVISORY_BELOW",
    "Contrasts",
    "Decision",
    "Effect",
    "Evidence",
    "Factorial",
    "Pair",
    "Rules",
    "Series",
    "Shift",
    "ShiftDecision",
    "Verdict",
    "blocks_needed",
    "clopper_pearson",
    "decide_family",
    "decide_shifts",
    "detectable_effect",
    "estimate",
    "factorial",
    "gather_evidence",
    "holm",
    "lag_one",
    "log_ratios",
    "median_interval",
    "noise_bound",
    "quantile",
    "spread",
    "taken_looks",
    "typical_contrasts",
    "typical_ratio",
]
