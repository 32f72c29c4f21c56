from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from harness.catalogue import Catalogue
from harness.result import Finding
from harness.scenario import AcceptRule
from harness.verify.accept import apply_rules, ordered, unknown_kinds, verdict
from harness.verify.answers import Tally
from harness.verify.kinds import CAUSES, KINDS, make_finding
from harness.verify.naming import Loss, names_lost
from tests.unit.verify.catalogues import catalogue, function, relation

GOODS = relation(1, "goods", "id", "maker_name", "price")
NOW = catalogue(
    relation(1, "goods", "id", "price"), relation(2, "makers", "id", "maker_name"), relation(3, "sold", "id")
)
LOSS = Loss(GOODS, frozenset({"maker_name"}), whole=False)


def finding(kind: str = "value_differs", name: str = "goods.maker_name", count: int = 1, cause: str = "") -> Finding:
    return make_finding(kind, name, "detail", count=count, rows=100, cause=cause)


def named(body: str, *trigger_tables: int, after: Catalogue = NOW) -> list[str]:
    return list(names_lost(function(body, *trigger_tables), [LOSS], after))


def test_every_kind_and_cause_is_explained() -> None:
    assert all(kind.meaning and kind.next_step for kind in KINDS.values())
    assert all(CAUSES.values())


def test_a_finding_carries_its_kinds_severity_and_next_step() -> None:
    made = finding("type_drift")
    assert (made.severity, made.next_step) == ("warning", KINDS["type_drift"].next_step)


def test_only_an_error_that_is_not_accepted_fails() -> None:
    error, warning = finding(), finding("type_drift")
    assert verdict([error, warning]) == "fail"
    assert verdict([warning]) == "pass"
    assert verdict(apply_rules([error], [AcceptRule("value_differs", "goods.*", "known")])) == "pass"


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [
        (AcceptRule("value_differs", "goods.maker_name", "known"), True),
        (AcceptRule("value_differs", "public.goods.maker_name", "known"), True),
        (AcceptRule("*", "*", "known", cause="stale_copy"), True),
        (AcceptRule("*", "*", "known", cause="view_wrong"), False),
        (AcceptRule("value_to_null", "goods.maker_name", "known"), False),
        (AcceptRule("value_differs", "goods.maker", "known"), False),
        (AcceptRule("value_differs", "*", "known", max_share=0.05), False),
        (AcceptRule("value_differs", "*", "known", max_share=0.06), True),
    ],
)
def test_a_rule_accepts_by_kind_object_cause_and_share(rule: AcceptRule, accepted: bool) -> None:
    (made, *unused) = apply_rules([finding(count=6, cause="stale_copy")], [rule])
    assert (made.accepted == "known") is accepted
    assert bool(unused) is not accepted


def test_a_rule_that_accepts_nothing_is_told() -> None:
    (unused,) = apply_rules([], [AcceptRule("row_missing", "shown", "never")])
    assert (unused.kind, unused.object) == ("accept_rule_unused", "shown")


def test_a_rule_of_an_unknown_kind_is_found() -> None:
    assert unknown_kinds([AcceptRule("value_difers", "*", "typo"), AcceptRule("value_*", "*", "fine")]) == [
        "value_difers"
    ]


def test_findings_stand_by_severity_and_count() -> None:
    found = ordered([finding("type_drift", count=9), finding(count=1), finding(count=5)])
    assert [(item.severity, item.count) for item in found] == [("error", 5), ("error", 1), ("warning", 9)]


def test_rows_in_another_order_are_the_same_multiset() -> None:
    tally = Tally()
    tally.add([(1, "a"), (2, "b")], [(2, "b"), (1, "a")])
    assert tally.agrees(ordered=False)
    assert not tally.agrees(ordered=True)
    assert not tally.balance


def test_a_row_too_often_is_a_difference() -> None:
    tally = Tally()
    tally.add([(1,), (1,), (2,)], [(1,), (2,), (2,)])
    assert tally.balance == Counter({(1,): 1, (2,): -1})
    assert (tally.only(1), tally.only(-1), tally.differing) == ([(1,)], [(2,)], 2)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (Decimal("1.0"), Decimal("1.00"), True),
        (Decimal("0.1"), 0.1, True),
        (float("nan"), float("nan"), True),
        (Decimal("NaN"), float("nan"), True),
        ([1, [2, None]], [1, [2, None]], True),
        ([1], [2], False),
        ("", None, False),
        (0.1, 0.1000001, False),
        ("1", 1, False),
    ],
)
def test_values_of_two_types_meet_exactly_or_not_at_all(old: object, new: object, same: bool) -> None:
    tally = Tally()
    tally.add([(old,)], [(new,)])
    assert tally.agrees(ordered=True) is same


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN RETURN (SELECT maker_name FROM goods WHERE id = 1); END",
        "BEGIN RETURN (SELECT g.maker_name FROM public.goods g); END",
        "BEGIN RETURN (SELECT s.id FROM sold s JOIN goods AS g ON g.maker_name = 'x'); END",
        "BEGIN UPDATE goods SET maker_name = 'x'; END",
        "BEGIN RETURN (SELECT goods.maker_name FROM goods, makers); END",
        'BEGIN RETURN (SELECT "maker_name" FROM "goods"); END',
    ],
)
def test_a_body_that_names_a_lost_column_is_found(body: str) -> None:
    assert named(body) == ["goods.maker_name"]


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN RETURN (SELECT m.maker_name FROM goods g JOIN makers m ON m.id = g.id); END",
        "BEGIN RETURN (SELECT maker_name FROM makers); END",
        "BEGIN /* goods.maker_name */ RETURN (SELECT 'maker_name' FROM goods); END -- maker_name",
        "BEGIN RETURN (SELECT maker_name(price) FROM goods); END",
        "BEGIN NEW.maker_name := 'x'; RETURN NEW; END",
    ],
)
def test_a_body_that_names_it_of_another_or_in_words_only_is_not(body: str) -> None:
    assert named(body) == []


def test_a_trigger_of_the_table_names_it_as_new_and_old() -> None:
    assert named("BEGIN NEW.maker_name := OLD.price; RETURN NEW; END", 1) == ["goods.maker_name"]


def test_a_lost_table_is_found_unless_something_took_its_name() -> None:
    loss = Loss(relation(7, "gone", "id"), frozenset({"id"}), whole=True)
    body = function("BEGIN RETURN (SELECT id FROM gone); END")
    assert list(names_lost(body, [loss], NOW)) == ["gone"]
    assert list(names_lost(body, [loss], catalogue(relation(8, "gone", "id")))) == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("BEGIN PERFORM m.name AS maker_name FROM goods g JOIN sold m ON true ORDER BY maker_name; END", []),
        ("BEGIN PERFORM maker_name AS maker_name FROM goods; END", ["goods.maker_name"]),
        ("DECLARE n int; maker_name text; BEGIN SELECT id INTO maker_name FROM goods; END", []),
        ("DECLARE n int; BEGIN SELECT maker_name INTO n FROM goods; END", ["goods.maker_name"]),
    ],
)
def test_a_name_that_the_body_gives_a_meaning_of_its_own_is_no_lost_column(body: str, found: list[str]) -> None:
    assert named(body) == found
