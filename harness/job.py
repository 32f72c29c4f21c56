"""A job, read and checked before anything is made, and a run, which is a job at work."""

from __future__ import annotations

from dataclasses import dataclass

from harness.claims import Claim
from harness.gate import StoredRun
from harness.options import RunOptions
from harness.progress import Progress
from harness.recorder import Recorder
from harness.scenario import Scenario
from harness.seed import SeedSpec
from harness.server import Databases


@dataclass(frozen=True)
class Job:
    """What is to be done: read and checked before anything is made; `baseline` is what the gate holds it against."""

    options: RunOptions
    scenario: Scenario
    spec: SeedSpec
    claims: tuple[Claim, ...]
    scale_rows: int
    baseline: StoredRun | None = None


@dataclass(frozen=True)
class Run:
    """A job at work: where its outcome goes, and in which databases it works."""

    job: Job
    recorder: Recorder
    progress: Progress
    databases: Databases
