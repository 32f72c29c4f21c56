"""The integrity check: is every dropped column, every row, every value accounted for?"""

from harness.verify.access import obstacle_to
from harness.verify.as_role import check_as_role, check_pair
from harness.verify.check import Checked, verify

__all__ = ["Checked", "check_as_role", "check_pair", "obstacle_to", "verify"]
