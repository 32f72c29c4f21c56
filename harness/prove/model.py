"""What a planted defect is, what the check must say of it, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Defect:
    """One fault in one object of the migration's outcome.

    `edits` are ways to plant it in a clone of the migrated database, each a script; the first that PostgreSQL takes is
    used. `witness` is a query, independent of the check, whose answer the edit must change. The check must then report
    a finding of `kind` about `object` with `cause`; `cause_query` gives the cause where the data decide it. A finding
    about any object in `touches` (or below it) is the defect's own consequence. `limit_s` is the workload's
    statement timeout where the defect is about that.
    """

    on: str
    edits: tuple[str, ...]
    witness: str
    kind: str
    object: str
    cause: str = ""
    cause_query: str = ""
    touches: frozenset[str] = frozenset()
    fault: str = ""
    limit_s: float | None = None

    @property
    def name(self) -> str:
        """`inner join for a left one: sales_with_details`."""
        return f"{self.fault}: {self.on}"


@dataclass(frozen=True)
class Fault:
    """A kind of fault, and the defects that it may be planted as, the likeliest to change a result first."""

    name: str
    places: Iterable[Defect]

    def __iter__(self) -> Iterator[Defect]:
        """The defects, named after the fault."""
        return (replace(defect, fault=self.name) for defect in self.places)


@dataclass(frozen=True)
class Planted:
    """A defect that is known to change a result here: the script that plants it, and the cause that is right."""

    defect: Defect
    script: str
    cause: str


@dataclass(frozen=True)
class Verdict:
    """What the check said of one defect; `false_alarms` are findings about objects that the defect does not touch."""

    name: str
    profile: str
    caught: bool
    expected_kind: str
    found_kind: str
    expected_cause: str
    found_cause: str
    false_alarms: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Caught, and classified as it should be."""
        return self.caught and (self.expected_kind, self.expected_cause) == (self.found_kind, self.found_cause)


@dataclass(frozen=True)
class Proof:
    """The whole battery: every defect that applies, faults that this scenario has no place for, accused clean views."""

    scenario: str
    defects: Sequence[Verdict]
    not_applicable: Sequence[str]
    accused: Sequence[str]

    @property
    def false_alarms(self) -> int:
        """How many findings accuse what is right."""
        return len(self.accused) + sum(len(item.false_alarms) for item in self.defects)

    @property
    def holds(self) -> bool:
        """Whether every defect was caught and classified, and nothing right was accused."""
        return bool(self.defects) and not self.false_alarms and all(item.right for item in self.defects)
