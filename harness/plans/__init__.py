"""Query plans: read from the server, their trees, their differences, and the causes that follow from them."""

from harness.plans.causes import derive_causes
from harness.plans.difference import plan_changes
from harness.plans.outline import outline, shape
from harness.plans.read import explain, typical
from harness.plans.remedy import TEXTS, IndexColumns
from harness.plans.sides import Facts
from harness.plans.tree import Node, figures, read_tree

__all__ = [
    "TEXTS",
    "Facts",
    "IndexColumns",
    "Node",
    "derive_causes",
    "explain",
    "figures",
    "outline",
    "plan_changes",
    "read_tree",
    "shape",
    "typical",
]
