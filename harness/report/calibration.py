"""A calibration on the terminal: our false alarms and power, and beside them those of the tests that others use."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from harness import text
from harness.calibrate import Calibration, CalibrationRun, exit_code
from harness.calibrate.summarise import apart_line, lag_line, loss_line, margin_line, powers, scatter_line
from harness.errors import EXIT_REGRESSION
from harness.report import terminal
from harness.stats import Rules


def show(found: Calibration, runs: Sequence[CalibrationRun], console: Console) -> None:
    """Prints the calibration; at most 100 columns."""
    good = exit_code(found) != EXIT_REGRESSION
    first = runs[0]
    grid = terminal.table()
    grid.add_row(Text("test"), Text("false alarms"), Text("rate"), Text("95 % interval"), Text("+10 % found"))
    rows = [("bench", found.alarms, found.measured, found.ci_low, found.ci_high, found.power)]
    rows += [(i.test, i.alarms, i.comparisons, i.ci_low, i.ci_high, i.power) for i in found.others]
    for name, alarms, count, low, high, caught in rows:
        ends = f"{100 * low:.1f}–{100 * high:.1f} %"
        rate = _percent(alarms / count if count else None)
        grid.add_row(Text(name), Text(f"{alarms} of {count}"), Text(rate), Text(ends), Text(_percent(caught)))
    sentence = (
        f"{found.alarms} false alarms in {text.count(found.measured, 'comparison')} of unchanged queries "
        f"({found.alarmed_runs} of {text.count(len(runs), runs[0].kind.removesuffix('s'))}); "
        f"{'no more than' if good else 'more than'} the {100 * Rules().alpha:g} % that may be."
    )
    caution = "nothing was decided, so that no alarm means nothing: give more time with --budget"
    parts: list[RenderableType] = [
        Text(f"{found.runs} runs of {first.scenario} at {first.scale}, {first.budget_s:g} s each", "dim"),
        terminal.mark("good" if good else "bad", sentence, bold=True),
        *([terminal.indented(terminal.mark("open", caution))] if not found.decided_share else []),
        Text(),
        terminal.indented(grid),
        Text(),
        terminal.indented(Text("found, one query slowed in the family of all:")),
        *(terminal.indented(Text(f"  {line}")) for line in (*powers(found),) or ("no query could be slowed",)),
        terminal.indented(Text(f"every effect on the margin: {margin_line(found)}")),
        terminal.indented(Text(f"intervals that hold the truth: {_percent(found.coverage)}")),
        terminal.indented(Text(apart_line(found))),
        terminal.indented(Text(f"unchanged comparisons decided: {_percent(found.decided_share)}")),
        terminal.indented(Text(scatter_line(runs))),
        terminal.indented(Text(f"blocks: {lag_line(found)}; {loss_line(found)}")),
    ]
    console.print(Group(*parts), width=min(console.width, terminal.WIDTH), highlight=False, soft_wrap=False)


def _percent(share: float | None) -> str:
    return text.MISSING if share is None else f"{100 * share:.1f} %"
