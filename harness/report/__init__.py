"""A run's result as people read it: HTML page, terminal summary, Markdown and JUnit, all from one frozen ReportData."""

from harness.report.build import build
from harness.report.calibration import show as calibration_table
from harness.report.data import ReportData
from harness.report.emit import compared, comparison, summary, write_comparison, write_report
from harness.report.index import write_index

__all__ = [
    "ReportData",
    "build",
    "calibration_table",
    "compared",
    "comparison",
    "summary",
    "write_comparison",
    "write_index",
    "write_report",
]
