"""The defects of `bench prove`, planted by its own code, through this check, reladiff and datacompy: who catches what.

    python -m venv .rivals && .rivals/bin/pip install -e '.[rivals]'
    .rivals/bin/python -m tests.benchmarks.battery --scenario crm-repaired --scale 300

In each damaged clone every rival compares the table or view that the defect is planted in or about, or else all that
it may reach, with a complete copy of the old table, by key, all columns mapped. It catches the defect if it reports
anything else than of the undamaged migration: other rows, counts or types, or an error. A defect that reaches no
relation with a key is given to no rival, and not counted as given. A line a defect, a table by class (the sections of
docs/findings.md), and, last, one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from harness import running
from harness.options import RunOptions
from harness.phases.prove import Proving
from harness.progress import Silent
from harness.prove import Bench, Planted
from harness.prove.model import Defect
from tests.benchmarks.rivals import RIVALS, Pair, Report, ask, pairs_of

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"
TOOLS = ("bench", "reladiff", *RIVALS)
"""`reladiff` is the better of its two algorithms."""
_UNDAMAGED = "rivals_undamaged"
_ERROR = re.compile(r"\w*(Error|Exception): ")


@dataclass(frozen=True)
class Row:
    """One defect: its class, how many pairs the rivals were given, and which tools caught it."""

    kind: str
    name: str
    pairs: int
    caught: frozenset[str]


def catchers(undamaged: Report, damaged: Report) -> frozenset[str]:
    """The rivals that report of a pair what they do not report of it undamaged."""
    found = {key[0] for key, said in damaged.items() if said != undamaged[key]}
    return frozenset(found | ({"reladiff"} if found & {"joindiff", "hashdiff"} else set()))


def sections(page: str) -> dict[str, str]:
    """The section of each kind of finding in docs/findings.md."""
    found: dict[str, str] = {}
    title = ""
    for line in page.splitlines():
        title = line.removeprefix("## ") if line.startswith("## ") else title
        if match := re.match(r"\| `(\w+)` \|", line):
            found.setdefault(match[1], title)
    return found


def summed(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """By class, and in all: how many defects, how many of them no rival was given, how many each tool caught."""
    sums: dict[str, dict[str, int]] = {}
    rows = list(rows)
    for title in [*dict.fromkeys(row.kind for row in rows), "all"]:
        these = [row for row in rows if title in (row.kind, "all")]
        counts = {tool: sum(tool in row.caught for row in these) for tool in TOOLS}
        sums[title] = {"defects": len(these), "given": sum(row.pairs > 0 for row in these), **counts}
    return sums


def as_markdown(sums: Mapping[str, Mapping[str, int]]) -> str:
    """The sums as docs/integrity.md holds them."""
    names = list(sums["all"])
    lines = [f"| class | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    return "\n".join([*lines, *(f"| {kind} | {' | '.join(map(str, row.values()))} |" for kind, row in sums.items())])


def touched(defect: Defect, pairs: Sequence[Pair]) -> list[Pair]:
    """Pairs one side of which the defect is planted in or is about; where there is none, those that it may reach."""
    for names in ({defect.object, defect.on}, defect.touches):
        found = [pair for pair in pairs if any(_is_of(side.display, names) for side in (pair.old, pair.new))]
        if found:
            return found
    return []


def _is_of(relation: str, names: Iterable[str]) -> bool:
    return any(re.match(rf"{re.escape(relation)}(?!\w)", name) for name in names)


class Beside:
    """Asks the rivals about each damaged clone, and once of each pair in an undamaged one.

    `caught` is by defect and profile: how many pairs the rivals were given, and who caught it.
    """

    def __init__(self) -> None:
        self.caught: dict[tuple[str, str], tuple[int, frozenset[str]]] = {}
        self._pairs: dict[str, Sequence[Pair]] = {}
        self._undamaged: dict[str, Report] = {}
        self._alone = asyncio.Lock()

    async def __call__(self, bench: Bench, planted: Planted, database: str) -> None:
        """As `check_defects` calls it."""
        async with self._alone:
            if bench.profile not in self._pairs:
                await bench.databases.create(_UNDAMAGED, bench.base, is_small=True)
                self._pairs[bench.profile], self._undamaged[bench.profile] = list(pairs_of(bench.ground)), {}
            these = touched(planted.defect, self._pairs[bench.profile])
            known = await self._known(bench, these)
        found = catchers(known, await ask(bench, database, these))
        self.caught[planted.defect.name, bench.profile] = (len(these), found)

    async def _known(self, bench: Bench, pairs: Sequence[Pair]) -> Report:
        known = self._undamaged[bench.profile]
        new = [pair for pair in pairs if ("pandas", pair.name) not in known]
        said = await ask(bench, bench.databases.name(_UNDAMAGED), new)
        for key, text in said.items():
            if _ERROR.match(text):
                print(f"undamaged, {' of '.join(key)}: {_short(text)}", flush=True)
        self._undamaged[bench.profile] = {**known, **said}
        return self._undamaged[bench.profile]


def _short(text: str) -> str:
    return " ".join(text.split())[:150]


def run(scenario: str, scale: str) -> list[Row]:
    """The whole battery, on an embedded server of its own."""
    beside = Beside()
    proving = Proving(beside=beside)
    with tempfile.TemporaryDirectory() as folder:
        wanted = RunOptions(
            scenario=scenario, scale=scale, arms=("before", "after"), goal="prove", results=Path(folder)
        )
        ended = running.run_to_end(wanted, None, Silent(), proving)
        if ended.problem is not None:
            raise ended.problem
    assert proving.proof is not None
    kinds = sections(PAGE.read_text(encoding="utf-8"))
    rows = []
    for item in proving.proof.defects:
        pairs, found = beside.caught[item.name, item.profile]
        ours = {"bench"} if item.caught else set()
        rows.append(Row(kinds[item.expected_kind], item.name, pairs, frozenset(found | ours)))
    return sorted(rows, key=lambda row: list(kinds.values()).index(row.kind))


def main() -> None:
    """Reads the options, prints a line a defect, the table and the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="crm-repaired")
    parser.add_argument("--scale", default="300")
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # reladiff warns of each text column, undamaged or not
    rows = run(options.scenario, options.scale)
    for row in rows:
        marks = "  ".join(tool if tool in row.caught else "-" * len(tool) for tool in TOOLS)
        print(f"{marks}  {row.pairs:2} pairs  {row.kind}: {row.name}")
    sums = summed(rows)
    print(f"\n{as_markdown(sums)}\n")
    versions = {name: version(name) for name in ("reladiff", "datacompy", "pandas", "polars")}
    print(json.dumps({"scenario": options.scenario, "scale": options.scale, "versions": versions, "classes": sums}))


if __name__ == "__main__":
    main()
