"""A job, read and checked before anything is made, and a run, which is a job at work."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.arms import arms_to_run
from harness.claims import Claim, load_claims
from harness.gate import StoredRun, check_fit, read_run, resolve_run
from harness.options import RunOptions
from harness.progress import Progress
from harness.recorder import Recorder
from harness.scenario import Scenario, load_scenario, scenario_names
from harness.seed import SeedSpec, check_declared, estimate_bytes, load_spec, parse_scale
from harness.server import Databases
from harness.server.apply import read_scripts
from harness.server.opening import check_options


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


def prepare(options: RunOptions) -> Job:
    """Reads and checks everything that the run needs, before anything is made; raises UsageError or ScenarioError."""
    scale_rows = parse_scale(options.scale)
    scenario = load_scenario(options.scenario)
    read_scripts((*scenario.roles, *scenario.schema, *scenario.constraints, *scenario.access, *scenario.migrations))
    spec = load_spec(scenario.seed)
    check_declared(spec, scenario.schema, scale_rows)
    # Makes the pools and a sample of every table, which the seeding then uses: what cannot be made is told here.
    estimate_bytes(spec, scale_rows, options.seed)
    check_options(options.server)
    options = replace(options, arms=arms_to_run(options.arms, scenario))
    if options.scenario not in scenario_names():
        options = replace(options, scenario=str(scenario.folder))
    if options.baseline is not None:
        options = replace(options, baseline=resolve_run(options.baseline))
    return Job(
        options=options,
        scenario=scenario,
        spec=spec,
        claims=load_claims(scenario.claims) if scenario.claims else (),
        scale_rows=scale_rows,
        baseline=_baseline(options, scenario.name),
    )


def _baseline(options: RunOptions, scenario: str) -> StoredRun | None:
    """The stored run that the new one is held against; read now, for links and folders change while it runs."""
    if options.baseline is None:
        return None
    stored = read_run(options.baseline)
    wanted = {"scenario": scenario, "scale": options.scale, "profile": options.profile, "seed": options.seed}
    check_fit(stored.result, wanted, options.baseline)
    return stored
