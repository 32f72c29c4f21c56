"""All faults that the battery knows, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterator

from harness.prove.bystanders import Bystanders
from harness.prove.edits import stand_faults
from harness.prove.ground import Ground
from harness.prove.joins import JOIN_FAULTS
from harness.prove.model import Fault
from harness.prove.rows import ROW_FAULTS
from harness.prove.structure import VIEW_FAULTS, wrong_aggregates
from harness.prove.surroundings import table_faults
from harness.prove.values import value_faults


def all_faults(ground: Ground, where: Bystanders | None) -> Iterator[Fault]:
    """Faults in rows and joins, in values and types, in whole views, and in what surrounds them."""
    if ground.stands:
        yield from stand_faults(ground, ROW_FAULTS | JOIN_FAULTS)
        yield from value_faults(ground)
        yield from stand_faults(ground, VIEW_FAULTS)
    yield Fault("a wrong aggregate", wrong_aggregates(ground))
    yield from table_faults(ground, where)
