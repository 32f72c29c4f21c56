"""The integrity check: is every dropped column, every row, every value accounted for?"""

from harness.verify.check import Checked, verify

__all__ = ["Checked", "verify"]
