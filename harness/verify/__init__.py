"""The integrity check: is every dropped column, every row, every value accounted for?"""

from harness.verify.check import Checked, verify
from harness.verify.ledger import Ledger

__all__ = ["Checked", "Ledger", "verify"]
