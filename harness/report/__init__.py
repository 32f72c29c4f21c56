"""A run's result as people read it: HTML page, terminal summary, Markdown and JUnit, all from one frozen ReportData."""

from harness.report.build import build
from harness.report.data import ReportData
from harness.report.emit import compared, summary, write_report
from harness.report.index import write_index

__all__ = ["ReportData", "build", "compared", "summary", "write_index", "write_report"]
