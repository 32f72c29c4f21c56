"""The integrity check: is every dropped column, every row, every value accounted for?"""

from harness.verify.access import obstacle_to
from harness.verify.as_role import EMPTY, check_as_role, check_pair
from harness.verify.check import Checked, verify
from harness.verify.ledger import Ledger

__all__ = ["EMPTY", "Checked", "Ledger", "check_as_role", "check_pair", "obstacle_to", "verify"]
