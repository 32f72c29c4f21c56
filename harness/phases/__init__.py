"""What each phase of a run does with the run's databases, and which part of the result it fills."""

from harness.phases.arms import build_arms, settle_arms
from harness.phases.baseline import hold_against_baseline
from harness.phases.calibrate import CalibrationPlan, calibrate_method
from harness.phases.claims import hold_claims
from harness.phases.indexes import list_use, note_use
from harness.phases.measure import measure_arms
from harness.phases.plans import read_plans
from harness.phases.seed import seed_template
from harness.phases.storage import weigh_storage
from harness.phases.verify import verify_views

__all__ = [
    "CalibrationPlan",
    "build_arms",
    "calibrate_method",
    "hold_against_baseline",
    "hold_claims",
    "list_use",
    "measure_arms",
    "note_use",
    "read_plans",
    "seed_template",
    "settle_arms",
    "verify_views",
    "weigh_storage",
]
