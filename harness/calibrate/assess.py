"""One run, or two, made into a record: verdicts on what is unchanged, on what was slowed, and those of other tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.calibrate.model import PLANTED, Planted, Rival, Unchanged
from harness.calibrate.rivals import Blocks, Direction, verdicts, verdicts_of_runs
from harness.gate.latency import Views
from harness.judge import View
from harness.judge.latency import CHANGED
from harness.measure.model import BASELINE, WARMUP_BLOCKS, Load
from harness.measure.samples import read_slices
from harness.stats import Pair, Rules, decide_family, decide_shifts

Raw = Mapping[tuple[Load, str], Blocks]
Plan = Mapping[Load, float]
"""By which share each load is slowed on the arm `slowed`; loads that cannot be slowed so little are left out."""


@dataclass(frozen=True)
class Measured:
    """One run of the calibration: its blocks, its raw latencies, and what was planted where."""

    view: View
    raw: Raw
    planted: Plan


def raw_latencies(path: Path, view: View) -> Raw:
    """The latencies of every load and arm in seconds, block by block: of the same slices that our own verdicts use."""
    found: dict[tuple[Load, str], list[NDArray[np.float64]]] = {}
    for item in read_slices(path):
        facts, samples = item.facts, item.samples
        load, block = (facts.query, facts.clients), facts.block - WARMUP_BLOCKS
        good = samples[samples["state"] == 0]
        if block >= 0 and len(good) and view.good(load, facts.arm)[block] is not None:
            found.setdefault((load, facts.arm), []).append(np.asarray(good["done_s"] - good["intended_s"]))
    return found


def assess_run(run: Measured, rules: Rules) -> tuple[tuple[Unchanged, ...], tuple[Planted, ...], tuple[Rival, ...]]:
    """An A/A run: `after` is a clone of `before` like the control, `slowed` one whose queries carry a known share."""
    view = run.view
    unchanged, planted = [], []
    for load in view.loads:
        family = view.headline(load, CHANGED)
        same = {item: view.series(item, CHANGED, *family) for item in view.loads}
        plain = decide_family({item: replace(series, control=()) for item, series in same.items()}, view.blocks, rules)
        judged = decide_family(same, view.blocks, rules)[load].verdict
        effect = plain[load].effect
        unchanged.append(
            Unchanged(
                query=load[0],
                clients=load[1],
                ratio=effect.ratio,
                ci_low=effect.ci_low,
                ci_high=effect.ci_high,
                blocks=effect.blocks,
                verdict=plain[load].verdict,
                as_judged=judged,
                passes=judged != "inconclusive",
                scatter=effect.scatter,
            )
        )
        if load in run.planted:
            slowed = decide_family(same | {load: view.series(load, PLANTED, *family)}, view.blocks, rules)[load]
            planted.append(Planted(*load, run.planted[load], slowed.effect.ratio, slowed.verdict))

    def said(load: Load, arm: str) -> dict[str, Direction]:
        first, second = run.raw.get((load, BASELINE), ()), run.raw.get((load, arm), ())
        return verdicts(first, second) if first and second else {}

    return tuple(unchanged), tuple(planted), _rivals(run, said)


def assess_pair(
    base: Measured, new: Measured, rules: Rules
) -> tuple[tuple[Unchanged, ...], tuple[Planted, ...], tuple[Rival, ...]]:
    """Two unchanged runs held against each other by the gate, and by what others do between two runs."""
    views = Views(base.view, new.view)
    unchanged, planted = [], []
    for load in views.loads:
        family = views.headline(load)
        pairs = {item: views.pair(item, CHANGED, family) for item in views.loads}
        plain = decide_shifts(
            {
                item: Pair(*(replace(side, control=()) for side in (pair.base, pair.new)))
                for item, pair in pairs.items()
            },
            new.view.blocks,
            rules,
        )[load]
        judged = decide_shifts(pairs, new.view.blocks, rules)[load]
        unchanged.append(
            Unchanged(
                query=load[0],
                clients=load[1],
                ratio=plain.shift.ratio,
                ci_low=plain.shift.ci_low,
                ci_high=plain.shift.ci_high,
                blocks=min(plain.base.blocks, plain.new.blocks),
                verdict=plain.verdict,
                as_judged=judged.verdict,
                passes=judged.settled,
                scatter=plain.new.scatter,
            )
        )
        if load in new.planted:
            moved = pairs | {load: views.pair(load, PLANTED, family)}
            slowed = decide_shifts(moved, new.view.blocks, rules)[load]
            planted.append(Planted(*load, new.planted[load], slowed.shift.ratio, slowed.verdict))

    def said(load: Load, arm: str) -> dict[str, Direction]:
        first, second = base.raw.get((load, CHANGED), ()), new.raw.get((load, arm), ())
        return verdicts_of_runs(first, second) if first and second else {}

    return tuple(unchanged), tuple(planted), _rivals(new, said)


def _rivals(run: Measured, said: Callable[[Load, str], dict[str, Direction]]) -> tuple[Rival, ...]:
    """What the other tests say of each load, where both sides have samples."""
    found = []
    for load in run.view.loads:
        share = run.planted.get(load)
        slowed = said(load, PLANTED) if share is not None else {}
        for test, direction in said(load, CHANGED).items():
            caught = slowed[test] > 0 if test in slowed else None
            found.append(Rival(test, *load, alarm=direction != 0, share=share, found=caught))
    return tuple(found)
