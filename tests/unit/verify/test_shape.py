from __future__ import annotations

import pytest

from harness.catalogue import ChangedTable
from harness.verify.carriers import Carriers
from harness.verify.shape import Equality, Origin, Shape, shape_of
from tests.unit.verify.catalogues import catalogue, relation

ORDERS = relation(1, "orders", "id", "customer_id", "value")
CUSTOMERS = relation(2, "customers", "id", "name", "deleted")
LINES = relation(3, "lines", "id", "order_id", "amount")
READS = frozenset({1, 2, 3})


def shape(definition: str, *names: str) -> Shape:
    view = relation(9, "shown", *names, definition=definition)
    return shape_of(catalogue(ORDERS, CUSTOMERS, LINES, view), view)


def carried(definition: str, *names: str, table: int = 1) -> tuple[tuple[str, ...], bool] | None:
    """The view's key for the table, and whether its rows are surely the table's."""
    view = relation(9, "shown", *names, definition=definition)
    everything = catalogue(ORDERS, CUSTOMERS, LINES, view, reads={9: READS})
    changed = everything.relations[table]
    found = Carriers(everything).over(ChangedTable(changed, changed, ("id",), changed.columns[-1:], ()))
    return (found[0].key, found[0].exact) if found else None


def test_a_column_is_traced_through_alias_cast_and_coalesce() -> None:
    found = shape(
        "SELECT o.id, c.name AS customer, c.name::varchar AS cast, COALESCE(c.name, '-') AS filled, upper(c.name) AS b"
        " FROM orders o LEFT JOIN customers c ON c.id = o.customer_id",
        "id", "customer", "cast", "filled", "b",
    )  # fmt: skip
    assert found.columns == {
        "id": Origin("o", "id", True),
        "customer": Origin("c", "name", True),
        "cast": Origin("c", "name", False),
        "filled": Origin("c", "name", False),
    }
    assert found.equalities == (Equality(("c", "id"), ("o", "customer_id")),)


@pytest.mark.parametrize(
    ("joined", "inner"),
    [
        ("orders o LEFT JOIN customers c ON c.id = o.customer_id", [True, False]),
        ("orders o JOIN customers c ON c.id = o.customer_id", [True, True]),
        ("customers c RIGHT JOIN orders o ON c.id = o.customer_id", [False, True]),
        ("orders o FULL JOIN customers c ON c.id = o.customer_id", [False, False]),
        ("orders o, customers c WHERE c.id = o.customer_id", [True, True]),
    ],
)
def test_which_sources_can_lose_rows_follows_from_the_join(joined: str, inner: list[bool]) -> None:
    assert [source.inner for source in shape(f"SELECT o.id FROM {joined}", "id").sources] == inner


def test_a_condition_besides_the_key_is_a_filter_on_that_source() -> None:
    found = shape("SELECT o.id FROM orders o LEFT JOIN customers c ON c.id = o.customer_id AND c.deleted IS NULL", "id")
    assert [source.filtered for source in found.sources] == [False, True]
    assert not found.filtered


@pytest.mark.parametrize(
    "operator", ["= ANY (o.customer_ids)", "= ALL (o.customer_ids)", "IS DISTINCT FROM o.customer_id"]
)
def test_what_is_built_with_the_sign_of_equality_is_none(operator: str) -> None:
    found = shape(f"SELECT o.id FROM orders o LEFT JOIN customers c ON c.id {operator}", "id")
    assert found.equalities == ()
    assert [source.filtered for source in found.sources] == [False, True]


def test_a_where_clause_that_only_joins_is_no_filter() -> None:
    assert not shape("SELECT o.id FROM orders o, customers c WHERE c.id = o.customer_id", "id").filtered
    assert shape("SELECT o.id FROM orders o WHERE o.value <> ''", "id").filtered


def test_a_set_operation_has_no_shape() -> None:
    assert shape("SELECT id FROM orders UNION ALL SELECT id FROM customers", "id") == Shape()


def test_columns_joined_by_using_are_equal() -> None:
    found = shape("SELECT o.id FROM orders o JOIN customers c USING (id)", "id")
    assert found.equalities == (Equality(("o", "id"), ("c", "id")),)


def test_a_view_that_joins_to_one_row_each_carries_the_table() -> None:
    joined = "SELECT o.id AS order_id, c.name FROM orders o LEFT JOIN customers c ON c.id = o.customer_id"
    assert carried(joined, "order_id", "name") == (("order_id",), True)


def test_a_view_of_another_tables_rows_does_not() -> None:
    joined = "SELECT l.id, o.id AS order_id FROM lines l JOIN orders o ON o.id = l.order_id"
    assert carried(joined, "id", "order_id") is None
    assert carried(joined, "id", "order_id", table=3) == (("id",), True)


def test_the_order_of_an_inner_join_does_not_matter() -> None:
    joined = "SELECT o.id FROM customers c JOIN orders o ON o.customer_id = c.id"
    assert carried(joined, "id") == (("id",), True)


def test_a_join_that_may_multiply_leaves_the_driving_table_but_not_for_sure() -> None:
    joined = "SELECT o.id FROM orders o LEFT JOIN lines l ON l.amount = o.value"
    assert carried(joined, "id") == (("id",), False)


def test_an_aggregate_joined_by_its_group_multiplies_nothing() -> None:
    joined = (
        "SELECT o.id, s.total FROM orders o"
        " LEFT JOIN (SELECT l.order_id AS o_id, sum(l.amount) AS total FROM lines l GROUP BY l.order_id) s"
        " ON s.o_id = o.id"
    )
    assert carried(joined, "id", "total") == (("id",), True)


def test_a_key_within_an_expression_is_no_key() -> None:
    assert carried("SELECT o.id::text AS id FROM orders o", "id") is None
