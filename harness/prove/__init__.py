"""Plants faults in a migration's outcome and shows that the integrity check catches and classifies each."""

from harness.prove.battery import Bench, Beside, check_clean, check_defects, check_harmless, find_places
from harness.prove.bystanders import find_bystanders
from harness.prove.faults import all_faults
from harness.prove.model import Planted, Proof, Verdict

__all__ = [
    "Bench",
    "Beside",
    "Planted",
    "Proof",
    "Verdict",
    "all_faults",
    "check_clean",
    "check_defects",
    "check_harmless",
    "find_bystanders",
    "find_places",
]
