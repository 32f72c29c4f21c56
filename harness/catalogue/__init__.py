"""What a database consists of, read from its catalogue as frozen records, and what a migration changed in it."""

from harness.catalogue.difference import ChangedTable, changed_tables, is_dropped, same_table, survivor
from harness.catalogue.model import Catalogue, Column, Constraint, Function, Index, Object, Relation, Sequence
from harness.catalogue.read import read_catalogue, read_catalogue_at_once

__all__ = [
    "Catalogue",
    "ChangedTable",
    "Column",
    "Constraint",
    "Function",
    "Index",
    "Object",
    "Relation",
    "Sequence",
    "changed_tables",
    "is_dropped",
    "read_catalogue",
    "read_catalogue_at_once",
    "same_table",
    "survivor",
]
