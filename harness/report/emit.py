"""Writes a run's report into its folder: every format from the same data, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from harness.report import gate_formats, html, junit, markdown, terminal
from harness.report.build import build
from harness.report.gate import build_gate
from harness.report.latency import latency_section
from harness.report.load import load_section
from harness.result import Gate, Result
from harness.result.store import gate_json, read_result, write_atomically

SAMPLES_FILE = "samples.parquet"
REPORT_FILE = "report.html"
SUMMARY_FILE = "summary.md"
CASES_FILE = "junit.xml"
COMPARISON_FILE = "compare.html"
_FORMATS = {REPORT_FILE: html.render, SUMMARY_FILE: markdown.render, CASES_FILE: junit.render}


def write_report(run: Path) -> tuple[Path, ...]:
    """Writes report.html, summary.md and junit.xml from what the run's folder holds; returns their paths.

    The run is named by its folder or by its result.json; the same folder gives the same bytes. Where the run had a
    baseline, junit.xml fails only for what became worse than there, summary.md says so first, and compare.html shows
    all of it. Raises UsageError where there is no result.
    """
    result = read_result(run)
    run_folder = run if run.is_dir() else run.parent
    data = build(result, run_folder / SAMPLES_FILE)
    texts = {run_folder / name: render(data) for name, render in _FORMATS.items()}
    if result.gate is not None:
        against = build_gate(result.gate)
        texts[run_folder / COMPARISON_FILE] = gate_formats.page(against)
        texts[run_folder / CASES_FILE] = gate_formats.cases(against)
        texts[run_folder / SUMMARY_FILE] = f"{gate_formats.summary(against)}\n{texts[run_folder / SUMMARY_FILE]}"
    return _write(texts)


def write_comparison(gate: Gate, page: Path) -> tuple[Path, ...]:
    """Writes the comparison of two stored runs: the page, and beside it the same as .json, .md and .junit.xml."""
    data = build_gate(gate)
    return _write(
        {
            page: gate_formats.page(data),
            page.with_suffix(".json"): gate_json(gate),
            page.with_suffix(".md"): gate_formats.summary(data),
            page.with_suffix(".junit.xml"): gate_formats.cases(data),
        }
    )


def comparison(gate: Gate, console: Console) -> None:
    """Prints the comparison of two runs, what became worse first."""
    gate_formats.show(build_gate(gate), console)


def _write(texts: Mapping[Path, str]) -> tuple[Path, ...]:
    for path, content in texts.items():
        write_atomically(path, content)
    return tuple(texts)


def compared(result: Result, console: Console) -> None:
    """Prints the comparisons of what was timed alone."""
    terminal.show_comparison(latency_section(result), load_section(result), console)


def summary(result: Result, console: Console, report: Path | None = None) -> None:
    """Prints the verdict and what stands behind it, worst first, ending with the report's path."""
    terminal.show(build(result), console, report)
