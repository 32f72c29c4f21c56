"""Writes a run's report into its folder: every format from the same data, each file whole or not at all."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from harness.report import html, junit, markdown, terminal
from harness.report.build import build
from harness.report.latency import latency_section
from harness.report.load import load_section
from harness.result import Result
from harness.result.store import read_result, write_atomically

SAMPLES_FILE = "samples.parquet"
REPORT_FILE = "report.html"
_FORMATS = {REPORT_FILE: html.render, "summary.md": markdown.render, "junit.xml": junit.render}


def write_report(run_folder: Path) -> tuple[Path, ...]:
    """Writes report.html, summary.md and junit.xml from what the run's folder holds; returns their paths.

    The same folder gives the same bytes. Raises UsageError where the folder holds no result.
    """
    data = build(read_result(run_folder), run_folder / SAMPLES_FILE)
    texts = {run_folder / name: render(data) for name, render in _FORMATS.items()}
    for path, content in texts.items():
        write_atomically(path, content)
    return tuple(texts)


def compared(result: Result, console: Console) -> None:
    """Prints the comparisons of what was timed alone."""
    terminal.show_comparison(latency_section(result), load_section(result), console)


def summary(result: Result, console: Console, report: Path | None = None) -> None:
    """Prints the verdict and what stands behind it, worst first, ending with the report's path."""
    terminal.show(build(result), console, report)
