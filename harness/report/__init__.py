"""A run's result as people read it: HTML page, terminal summary, Markdown and JUnit, all from one frozen ReportData."""

from harness.report.build import build
from harness.report.data import ReportData
from harness.report.emit import summary, write_report

__all__ = ["ReportData", "build", "summary", "write_report"]
