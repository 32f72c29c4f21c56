"""`bench doctor`: what would spoil a measurement here, and how to fix it; looks only, and changes nothing."""

from harness.doctor.examine import Examination, examine
from harness.doctor.model import Check

__all__ = ["Check", "Examination", "examine"]
