"""What is wrong in a seed file is told with file, table, column and reason, before anything is created."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from harness.errors import EXIT_USAGE, ScenarioError
from harness.scenario import SqlFile
from harness.seed import check_declared, check_spec, declared_catalogue, estimate_bytes, load_spec
from harness.seed.check import parse_spec
from harness.seed.column_type import ColumnType
from tests.unit.seed.tiny import shop, shop_spec

TABLES = """
CREATE TYPE state AS ENUM ('open', 'done');
CREATE TABLE shop (id uuid PRIMARY KEY, title varchar(40) NOT NULL);
CREATE TABLE person (
    id bigint PRIMARY KEY, shop_id uuid NOT NULL, name varchar(30) NOT NULL, email varchar(44),
    role text NOT NULL DEFAULT 'clerk', born date, gone timestamptz
);
CREATE TABLE sale (
    id uuid PRIMARY KEY, shop_id uuid NOT NULL, person_id bigint, person_name varchar(30), person_email text,
    person_role varchar(10), price numeric(8,2) NOT NULL, copied_price numeric(8,2), state state NOT NULL,
    done_at timestamptz, made_at timestamptz, note text, tags text[], is_open boolean, lines int
);
CREATE TABLE line (id uuid, sale_id uuid, before_id uuid, person_id bigint, person_name text, sold_at timestamptz);
"""


SCALE = 100_000


def catalogue(*changes: tuple[str, str]) -> dict[str, dict[str, ColumnType]]:
    text = TABLES
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return declared_catalogue([SqlFile(Path("schema.sql"), text)])


def test_the_declared_schema_is_read_as_postgresql_would() -> None:
    sale = catalogue()["sale"]
    assert sale["price"] == ColumnType("numeric", not_null=True, precision=8, scale=2)
    assert sale["person_role"] == ColumnType("varchar", length=10)
    assert sale["state"] == ColumnType("state", not_null=True, labels=("open", "done"))
    assert sale["tags"].name == "_text"
    assert sale["id"].not_null
    assert catalogue()["person"]["role"] == ColumnType("text", not_null=True, filled=True)


def test_a_specification_that_fits_passes() -> None:
    check_spec(shop_spec(), catalogue(), SCALE)


COLUMN = "tables__sale__columns__"
BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({COLUMN + "price": {"kind": "zipf"}}, "tables.sale.columns.price", "there is no kind 'zipf'"),
    ({COLUMN + "price": {"max": 3}}, "tables.sale.columns.price", "needs a `kind`"),
    ({COLUMN + "price": {"kind": "number"}}, "tables.sale.columns.price.max", "required"),
    ({COLUMN + "price": {"kind": "number", "max": 3, "mx": 1}}, "tables.sale.columns.price.mx", "there is no such key"),
    ({COLUMN + "price": {"kind": "number", "max": 3, "nulls": 1.5}}, "tables.sale.columns.price.nulls", "less than or"),
    (
        {COLUMN + "price": {"kind": "number", "min": 9, "max": 3}},
        "tables.sale.columns.price",
        "min 9 is more than max 3",
    ),
    (
        {COLUMN + "state": {"kind": "choice", "weights": {"a": -1}}},
        "tables.sale.columns.state.weights.a",
        "greater than",
    ),
    ({COLUMN + "price": {"kind": "number", "max": float("inf")}}, "tables.sale.columns.price.max", "finite"),
    ({COLUMN + "price": {"kind": "number", "max": 1e15, "scale": 2}}, "tables.sale.columns.price", "drawn exactly"),
    ({COLUMN + "done_at__max_days": 1e9}, "tables.sale.columns.done_at.max_days", "less than or equal to 36500"),
    ({COLUMN + "done_at__min_days": 5000}, "tables.sale.columns.done_at", "min_days 5000 is more than max_days"),
    ({COLUMN + "state__weights": {"a\0b": 1}}, "tables.sale.columns.state.weights", "cannot hold a NUL"),
    ({"pools__word__values": ["a", "b\0"]}, "pools.word.values[2]", "cannot hold a NUL"),
    ({"tables__sale__share": float("inf")}, "tables.sale.share", "finite"),
    ({COLUMN + "state": {"kind": "choice", "weights": {"a": 0}}}, "tables.sale.columns.state", "all weights are 0"),
    ({COLUMN + "state": {"kind": "choice", "weights": {}}}, "tables.sale.columns.state.weights", "at least 1"),
    ({COLUMN + "shop_id__table": "shp"}, "tables.sale.columns.shop_id", "'shp' does not exist; did you mean 'shop'?"),
    ({COLUMN + "person_name__column": "nam"}, "tables.sale.columns.person_name", "person has no column 'nam'; did you"),
    ({COLUMN + "person_name__through": "price"}, "tables.sale.columns.person_name", "price does not hold keys"),
    (
        {COLUMN + "person_id__within": {"price": "shop_id"}},
        "tables.sale.columns.person_id",
        "do not hold keys of the same",
    ),
    ({COLUMN + "done_at__column": "price"}, "tables.sale.columns.done_at", "price is no point in time"),
    (
        {COLUMN + "done_at__when": {"stat": ["done"]}},
        "tables.sale.columns.done_at",
        "no column 'stat'; did you mean 'state'?",
    ),
    ({COLUMN + "note__pool": "prosa"}, "tables.sale.columns.note", "no pool 'prosa'; did you mean 'prose'?"),
    ({COLUMN + "is_open__expression": "state = 'open'"}, "tables.sale.columns.is_open", "is no expression"),
    ({COLUMN + "is_open__expression": "stat == 1"}, "tables.sale.columns.is_open", "no column 'stat'"),
    (
        {COLUMN + "price": {"kind": "expression", "expression": "copied_price"}},
        "tables.sale.columns.price",
        "a cycle: ",
    ),
    ({COLUMN + "id": {"kind": "choice", "weights": {"a": 1}}}, "tables.sale", "must be of kind uuid or sequence"),
    ({"tables__sale__key": "nr"}, "tables.sale", "its key 'nr' is not among its columns"),
    (
        {COLUMN + "id__stored": False},
        "tables.line.columns.sale_id",
        "its parent 'sale' does not store its key 'id': every row would point nowhere",
    ),
    ({"tables__sale__share": -1}, "tables.sale.share", "greater than or equal to 0"),
    ({"tables__sale__shares": 1}, "tables.sale.shares", "there is no such key"),
    ({"pools__word__values": []}, "pools.word.values", "at least 1"),
    ({"pools__prose__sentences": "sentences"}, "pools.prose", "no pool 'sentences'; did you mean 'sentence'?"),
    ({"pools__prose__sentences": "words"}, "pools.prose", "itself made of a pool"),
    ({"pools__words__min": 9}, "pools.words", "min 9 is more than max 3"),
    ({"tables": {}}, "tables", "at least 1"),
    ({"tables__person__min_rows": 10**30}, "tables.person.min_rows", "less than or equal to 100000000000"),
    ({"pools__words__min": 6, "pools__words__max": 7}, "pools.words", "min 6 is more than the 5 words of 'word'"),
    ({COLUMN + "is_open__expression": "lines ** 9 > 3"}, "columns.is_open", "'lines ** 9' is not allowed"),
    ({COLUMN + "is_open__expression": "lines < 3 < 4"}, "columns.is_open", "'lines < 3 < 4' is not allowed"),
    ({COLUMN + "id__kind": ["uuid"]}, "tables.sale.columns.id", "there is no kind"),
    ({COLUMN + "shop_id__table": ["shop"]}, "tables.sale.columns.shop_id.table", "string (given: ['shop'])"),
    (
        {COLUMN + "done_at__when": {"state": ["done", "opne"]}},
        "tables.sale.columns.done_at",
        "state is never 'opne'; did you mean 'open'?",
    ),
    (
        {COLUMN + "tone": {"kind": "choice", "weights": {"a": 1}, "by": "person_role", "cases": {"bos": {"b": 1}}}},
        "tables.sale.columns.tone",
        "person_role is never 'bos'; did you mean 'boss'?",
    ),
    ({"tables": [{}]}, "tables", "give a table, like { key = 1 }"),
    ({"tables__sale__columns": ["id"]}, "tables.sale.columns", "give a table"),
    ({"tables__sale__share": "1.0"}, "tables.sale.share", "valid number (given: 1.0)"),
    ({COLUMN + "price__max": True}, "tables.sale.columns.price.max", "valid number (given: True)"),
    ({COLUMN + "price__nulls": False}, "tables.sale.columns.price.nulls", "valid number"),
    ({COLUMN + "person_id__cover": "yes"}, "tables.sale.columns.person_id.cover", "valid boolean"),
    ({"tables__person__min_rows": 2.5}, "tables.person.min_rows", "valid integer"),
    ({"pools__word__values": [1]}, "pools.word.values[1]", "valid string"),
    ({COLUMN + "done_at__when": {"state": "done"}}, "columns.done_at.when.state", 'give a list, like ["one", "two"]'),
    ({COLUMN + "made_at__first": "soon"}, "tables.sale.columns.made_at.first", "valid date"),
    ({COLUMN + "made_at__first": "2024-05-01"}, "tables.sale.columns.made_at", "is not before last 2024-01-01"),
    (
        {"tables__person__columns__name__text": "{_word} {row"},
        "tables.person.columns.name",
        "'{row' is neither {column}, {column:slug} nor {row}",
    ),
    ({"tables__person__columns__name__text": "{_word:slugg}"}, "tables.person.columns.name", "'{_word:slugg}' is"),
    ({COLUMN + "is_open__expression": "-" * 300 + "lines"}, "tables.sale.columns.is_open", "it has 602 parts; 500 are"),
    ({COLUMN + "is_open__expression": "-" * 9000 + "lines"}, "tables.sale.columns.is_open", "too deep to be read"),
    ({"tabels": {}}, "tabels", "there is no such key"),
]


@pytest.mark.parametrize(
    ("changes", "place", "reason"), BROKEN, ids=[f"{place}: {reason}" for _, place, reason in BROKEN]
)
def test_an_entry_that_is_wrong_is_named_with_the_reason(changes: dict[str, Any], place: str, reason: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_spec(shop(**changes), "shop.toml")
    message = str(caught.value)
    assert message.startswith("shop.toml: ")
    assert f"{place}: " in message
    assert reason in message
    assert "\n" not in message
    assert caught.value.exit_code == EXIT_USAGE


def test_a_word_that_an_anomaly_brings_may_be_waited_for() -> None:
    data = shop(**{COLUMN + "done_at__when": {"person_role": ["", "boss"]}})
    with pytest.raises(ScenarioError, match="person_role is never ''"):
        parse_spec(data, "shop.toml")
    data["anomaly"] = [{"kind": "empty", "table": "person", "columns": ["role"], "rate": 0.1}]
    parse_spec(data, "shop.toml")


def test_a_cycle_across_tables_is_found() -> None:
    changes = {"tables__person__columns__of": {"kind": "parent", "table": "sale", "within": {"name_of": "shop_id"}}}
    changes["tables__person__columns__name_of"] = {"kind": "copy", "through": "of", "column": "shop_id"}
    with pytest.raises(ScenarioError, match=r"a cycle: person.of <- person.name_of <- person.of"):
        parse_spec(shop(**changes), "shop.toml")


MISFITS: list[tuple[tuple[str, str], str, str]] = [
    (
        ("person_role varchar(10)", "person_role varchar(4)"),
        "sale.columns.person_role",
        "up to 5 characters, the column holds 4",
    ),
    (("name varchar(30) NOT NULL", "name varchar(11) NOT NULL"), "person.columns.name", "the column holds 11"),
    (("email varchar(44)", "email varchar(20)"), "person.columns.email", "the column holds 20"),
    (("person_email text", "person_email text NOT NULL"), "sale.columns.person_email", "can give NULL"),
    (("done_at timestamptz", "done_at timestamptz NOT NULL"), "sale.columns.done_at", "can give NULL"),
    (("lines int", "lines uuid"), "sale.columns.lines", "does not give values of type uuid"),
    (("note text", "note int"), "sale.columns.note", "does not give values of type int4"),
    (
        ("person_id bigint, person_name varchar", "person_id uuid, person_name varchar"),
        "sale.columns.person_id",
        "type uuid",
    ),
    (("made_at timestamptz", "made_at point"), "sale.columns.made_at", "columns of type point cannot be filled"),
    (
        ("price numeric(8,2) NOT", "price numeric(5,2) NOT"),
        "sale.columns.price",
        "up to 9999, the column holds less than 1e3",
    ),
    (("price numeric(8,2) NOT", "price smallint NOT"), "sale.columns.price", "does not give values of type int2"),
    (("lines int", "lines smallint"), "sale.columns.lines", "up to 40000, the column holds less than 32768"),
    (
        ("copied_price numeric(8,2)", "copied_price numeric(8,1)"),
        "sale.columns.copied_price",
        "2 decimals, the column holds 1",
    ),
    (
        ("('open', 'done')", "('open', 'shut')"),
        "sale.columns.state",
        "'done' is no value of the enum state (open, shut)",
    ),
    (("CREATE TABLE line ", "CREATE TABLE lines "), "tables.line", "the schema has no such table"),
    (("is_open boolean,", ""), "sale.columns.is_open", "no such column"),
    (("lines int", "lines int, size int NOT NULL"), "tables.sale", "column size is NOT NULL and has no default"),
    (("lines int", "lines int GENERATED ALWAYS AS (1) STORED"), "sale.columns.lines", "computes this column itself"),
]


@pytest.mark.parametrize(("change", "place", "reason"), MISFITS, ids=[reason for _, _, reason in MISFITS])
def test_what_the_schema_cannot_hold_is_named(change: tuple[str, str], place: str, reason: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        check_spec(shop_spec(tables__sale__columns__lines__max=40_000), catalogue(change), SCALE)
    assert place in str(caught.value)
    assert reason in str(caught.value)


NUMBERED = {"kind": "sequence", "prefix": "C", "width": 4}


@pytest.mark.parametrize(
    ("changes", "old", "new", "scale", "reason"),
    [
        ({}, "id bigint", "id smallint", 300_000, ""),
        (
            {},
            "id bigint",
            "id smallint",
            400_000,
            "person.columns.id: its generator gives up to 40000, the column holds",
        ),
        ({"tables__person__columns__id__start": 2**31 - 10_000}, "id bigint", "id int", 100_000, ""),
        (
            {"tables__person__columns__id__start": 2**31 - 9_999},
            "id bigint",
            "id int",
            100_000,
            "up to 2147483648, the",
        ),
        ({"tables__person__columns__id__start": -40_000}, "id bigint", "id smallint", 1000, "up to 40000, the column"),
        ({}, "id bigint", "id numeric(4,0)", 100_000, "person.columns.id: its generator gives up to 10000, the"),
        ({}, "person_id bigint, person_name v", "person_id int2, person_name v", 300_000, ""),
        (
            {},
            "person_id bigint, person_name v",
            "person_id int2, person_name v",
            400_000,
            "sale.columns.person_id: its",
        ),
        (
            {},
            "person_id bigint, person_name t",
            "person_id int2, person_name t",
            400_000,
            "line.columns.person_id: its",
        ),
        ({"tables__person__columns__code": NUMBERED}, "born date", "born date, code varchar(5)", 99_990, ""),
        (
            {"tables__person__columns__code": NUMBERED},
            "born date",
            "born date, code varchar(5)",
            100_000,
            "up to 6 char",
        ),
        (
            {"tables__person__columns__code": {**NUMBERED, "start": 9_999_999_999}},
            "born date",
            "born date, code varchar(11)",
            1_000,
            "up to 12 characters, the column holds 11",
        ),
        ({"tables__person__columns__name__text": "{row}"}, "name varchar(30) NOT", "name varchar(5) NOT", 999_990, ""),
        (
            {"tables__person__columns__name__text": "{row}"},
            "name varchar(30) NOT",
            "name varchar(5) NOT",
            10**6,
            "to 6",
        ),
    ],
)
def test_what_grows_with_the_rows_is_held_against_the_type(
    changes: dict[str, Any], old: str, new: str, scale: int, reason: str
) -> None:
    columns = catalogue((old, new))
    if not reason:
        check_spec(shop_spec(**changes), columns, scale)
        return
    with pytest.raises(ScenarioError) as caught:
        check_spec(shop_spec(**changes), columns, scale)
    assert reason in str(caught.value)


def planted(**entry: Any) -> dict[str, Any]:
    data = shop()
    data["anomaly"] = [{"rate": 0.1, **entry}]
    return data


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"kind": "stle", "table": "sale", "columns": ["person_name"]}, "Input should be 'odd_text'"),
        ({"kind": "stale", "table": "sle", "columns": ["person_name"]}, "no table 'sle'; did you mean 'sale'?"),
        ({"kind": "stale", "table": "sale", "columns": ["person"]}, "stores no column 'person'"),
        ({"kind": "stale", "table": "person", "columns": ["_word"]}, "stores no column '_word'"),
        ({"kind": "stale", "table": "sale", "columns": ["note"]}, "note is no copy"),
        ({"kind": "stale", "table": "sale", "columns": ["shop_id"]}, "shop_id holds keys"),
        ({"kind": "orphan", "table": "sale", "columns": ["note"]}, "note does not hold keys"),
        ({"kind": "off_by", "table": "sale", "columns": ["note"]}, "note is no number"),
        ({"kind": "odd_text", "table": "person", "columns": ["name"]}, "needs `pool`"),
        ({"kind": "odd_text", "table": "person", "columns": ["name"], "pool": "x"}, "no pool 'x'"),
        ({"kind": "odd_text", "table": "person", "columns": ["name"], "pool": "words"}, "'words' holds lists; this"),
        ({"kind": "deleted", "table": "person", "columns": ["gone"], "after": "born", "days": 1e9}, "equal to 36500"),
        ({"kind": "foreign_word", "table": "sale", "columns": ["person_role"]}, "needs `words`"),
        ({"kind": "deleted", "table": "sale", "columns": ["note"], "after": "made_at"}, "must be points in time"),
        ({"kind": "missing", "table": "person", "columns": ["name"]}, "would spread there unrecorded"),
        ({"kind": "null_parent", "table": "sale", "columns": ["person_id"], "rate": 2}, "less than or equal to 1"),
        ({"kind": "padded", "table": "person", "columns": ["id"]}, "id is the table's key, by which"),
        ({"kind": "other_parent", "table": "line", "columns": ["id"]}, "id is the table's key, by which"),
    ],
)
def test_an_anomaly_that_cannot_be_planted_is_named(entry: dict[str, Any], reason: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_spec(planted(**entry), "shop.toml")
    assert "anomaly[1]" in str(caught.value)
    assert reason in str(caught.value)


def test_nothing_is_planted_where_no_key_is_stored_to_record_it() -> None:
    data = planted(kind="stale", table="line", columns=["person_name"])
    data["tables"]["line"]["columns"]["id"]["stored"] = False
    del data["tables"]["line"]["columns"]["before_id"]
    with pytest.raises(ScenarioError, match=r"anomaly\[1\] .*: the table does not store its key 'id', by which"):
        parse_spec(data, "shop.toml")
    del data["anomaly"]
    parse_spec(data, "shop.toml")


@pytest.mark.parametrize(
    ("row_key", "reason"),
    [
        (["sale_id", "sale_id"], "it names a column twice"),
        (["sale_id", "nr"], "the table stores no column 'nr'"),
        (["sale_id", "before_id"], "before_id can be NULL"),
        (["sale_id", "sold_at"], "sold_at is neither a key, a text nor a whole number"),
        (["sale_id", "person_id"], ""),
    ],
)
def test_rows_are_told_by_columns_that_have_one_text(row_key: list[str], reason: str) -> None:
    data = shop(tables__line__row_key=row_key, tables__line__columns__id__stored=False)
    del data["tables"]["line"]["columns"]["before_id"]["nulls"]
    data["anomaly"] = [{"kind": "stale", "table": "line", "columns": ["person_name"], "rate": 0.1}]
    if not reason:
        data["tables"]["line"]["columns"].pop("before_id")
        parse_spec(data, "shop.toml")
        data["anomaly"][0] |= {"kind": "other_parent", "columns": ["person_id"]}
        reason = "anomaly[1] (other_parent, line): person_id is the table's key, by which anomalies are recorded"
    else:
        reason = f"tables.line.row_key: {reason}"
    with pytest.raises(ScenarioError) as caught:
        parse_spec(data, "shop.toml")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("column", "old", "new"),
    [
        ("lines", "lines int", "lines numeric(9,2)"),
        ("lines", "lines int", "lines float8"),
        ("person_name", "person_name varchar(30)", "person_name char(30)"),
    ],
)
def test_a_value_that_the_database_writes_otherwise_tells_no_row(column: str, old: str, new: str) -> None:
    spec = shop_spec(tables__sale__row_key=["shop_id", column], tables__sale__columns__person_id__nulls=0)
    with pytest.raises(ScenarioError, match=rf"sale.columns.{column}: row_key: values are written otherwise"):
        check_spec(spec, catalogue((old, new)), SCALE)
    check_spec(spec, catalogue(), SCALE)


def test_two_anomalies_of_one_kind_at_one_column_are_refused() -> None:
    data = planted(kind="stale", table="sale", columns=["person_name"])
    data["anomaly"] *= 2
    with pytest.raises(ScenarioError, match="person_name has two anomalies of this kind"):
        parse_spec(data, "shop.toml")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"kind": "at_limit", "table": "person", "columns": ["name"], "length": 31}, "up to 31 characters"),
        ({"kind": "padded", "table": "sale", "columns": ["person_name"], "length": 20}, "the column holds 30"),
        ({"kind": "null_parent", "table": "sale", "columns": ["shop_id"]}, "can give NULL, the column is NOT NULL"),
        ({"kind": "truncated", "table": "sale", "columns": ["price"]}, "price: the anomaly 'truncated' is for texts"),
        (
            {"kind": "padded", "table": "line", "columns": ["sold_at"]},
            "is for texts, the column is of type timestamptz",
        ),
        ({"kind": "empty", "table": "person", "columns": ["gone"]}, "is for texts"),
        ({"kind": "blank", "table": "line", "columns": ["sold_at"]}, "is for texts"),
        ({"kind": "odd_text", "table": "sale", "columns": ["lines"], "pool": "odd"}, "is for texts"),
        ({"kind": "missing", "table": "sale", "columns": ["tags"]}, "cannot be planted in lists"),
        ({"kind": "foreign_word", "table": "sale", "columns": ["state"], "words": ["gone"]}, "plants 'gone', no value"),
        ({"kind": "odd_text", "table": "sale", "columns": ["state"], "pool": "odd"}, "no value of the enum state"),
        ({"kind": "odd_text", "table": "sale", "columns": ["state"], "pool": "name"}, "texts that are no value of"),
        ({"kind": "empty", "table": "sale", "columns": ["state"]}, "plants '', no value of the enum state"),
        ({"kind": "at_limit", "table": "sale", "columns": ["state"]}, "texts that are no value of the enum state"),
        ({"kind": "off_by", "table": "sale", "columns": ["lines"]}, "adds 0.01, the generator has 0 decimals"),
        ({"kind": "off_by", "table": "sale", "columns": ["is_open"]}, "is for numbers, the column is of type bool"),
    ],
)
def test_an_anomaly_that_the_schema_cannot_hold_is_named(entry: dict[str, Any], reason: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        check_spec(parse_spec(planted(**entry), "shop.toml"), catalogue(), SCALE)
    assert reason in str(caught.value)


def test_what_is_planted_at_a_source_must_fit_its_copies_and_what_fits_passes() -> None:
    copied: dict[str, Any] = {"kind": "copy", "through": "sale_id", "column": "note"}
    data = planted(kind="odd_text", table="sale", columns=["note"], pool="odd")
    data["tables"]["line"]["columns"]["note"] = copied
    data["tables"]["sale"]["columns"]["note"] = {"kind": "choice", "weights": {"open": 1}}
    changed = catalogue(("sold_at timestamptz", "sold_at timestamptz, note state"))
    with pytest.raises(ScenarioError, match=r"tables.line.columns.note: the anomaly 'odd_text' plants"):
        check_spec(parse_spec(data, "shop.toml"), changed, SCALE)
    data["pools"]["odd"]["values"] = ["done"]
    check_spec(parse_spec(data, "shop.toml"), changed, SCALE)


@pytest.mark.parametrize(("scale", "fits"), [(317_670, True), (317_680, False)])
def test_orphans_need_a_thousand_keys_behind_the_last(scale: int, fits: bool) -> None:
    spec = parse_spec(planted(kind="orphan", table="line", columns=["person_id"]), "shop.toml")
    columns = catalogue(("person_id bigint, person_name t", "person_id int2, person_name t"))
    if fits:
        check_spec(spec, columns, scale)
    else:
        with pytest.raises(ScenarioError, match=r"line.columns.person_id: its generator gives up to 32768"):
            check_spec(spec, columns, scale)


def test_a_cent_more_must_fit_too() -> None:
    spec = parse_spec(planted(kind="off_by", table="sale", columns=["price"]), "shop.toml")
    data = spec.model_copy(update={"anomaly": (spec.anomaly[0].model_copy(update={"amount": 1.0}),)})
    columns = catalogue(("price numeric(8,2) NOT", "price numeric(6,2) NOT"))
    check_spec(spec, columns, SCALE)
    with pytest.raises(ScenarioError, match=r"sale.columns.price: its generator gives up to 10000, the column"):
        check_spec(data, columns, SCALE)


def test_a_stale_uuid_is_refused() -> None:
    data = planted(kind="stale", table="line", columns=["token"])
    data["tables"]["sale"]["columns"]["token"] = {"kind": "uuid"}
    data["tables"]["line"]["columns"]["token"] = {"kind": "copy", "through": "sale_id", "column": "token"}
    with pytest.raises(ScenarioError, match="token shows a uuid, which never changes"):
        parse_spec(data, "shop.toml")


def test_words_of_an_enum_must_be_known_beforehand() -> None:
    spec = shop_spec(tables__sale__columns__state={"kind": "pool", "pool": "name"})
    with pytest.raises(ScenarioError, match="the enum state wants a choice of its values"):
        check_spec(spec, catalogue(), SCALE)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"kind": "expression", "expression": "note > 3"}, "texts can only be compared"),
        ({"kind": "expression", "expression": "not note"}, "texts can only be compared"),
        ({"kind": "expression", "expression": "'a'"}, "an expression gives a number, or true or false"),
        ({"kind": "expression", "expression": "-(lines > 3)"}, "only a number can have a minus before it"),
        ({"kind": "expression", "expression": "tags == 'red'"}, "a list cannot be part of an expression"),
        ({"kind": "template", "text": "{tags:slug}"}, "a list cannot be stored as string"),
        ({"kind": "number", "max": 3, "when": {"tags": ["red"]}}, "a list cannot be stored as string"),
    ],
)
def test_types_that_do_not_go_together_are_told_when_the_size_is_estimated(entry: dict[str, Any], reason: str) -> None:
    changes: dict[str, Any] = {COLUMN + "is_open": entry}
    with pytest.raises(ScenarioError) as caught:
        estimate_bytes(shop_spec(**changes), 1_000)
    assert str(caught.value).startswith(f"shop.toml: tables.sale.columns.is_open: {reason}")


@pytest.mark.parametrize(
    ("words", "reason"),
    [(['{"a": 1}', "[]", '"a"', "null"], ""), (["[1, NaN]"], "'[1, NaN]' is no JSON"), (["red"], "'red' is no JSON")],
)
def test_words_for_json_must_be_json(words: list[str], reason: str) -> None:
    spec = shop_spec(**{COLUMN + "note": {"kind": "choice", "weights": dict.fromkeys(words, 1)}})
    with pytest.raises(ScenarioError) if reason else nullcontext() as caught:
        check_spec(spec, catalogue(("note text", "note jsonb")), SCALE)
    assert caught is None or f"tables.sale.columns.note: {reason}" in str(caught.value)


@pytest.mark.parametrize(
    ("pool", "reason"),
    [
        ({"kind": "faker", "provider": "frobnicate"}, "Faker has no 'frobnicate' for en_US"),
        ({"kind": "faker", "provider": "format"}, "Faker's 'format' gives no words: "),
        ({"kind": "faker", "provider": "image"}, "Faker's 'image' gives no words: "),
        ({"kind": "faker", "provider": "last_name", "locales": ["xx_YY"]}, "Faker has no locale 'xx_YY'"),
        ({"kind": "faker", "provider": "sentence", "max_length": 1}, "the pool is empty"),
    ],
)
def test_a_pool_that_cannot_be_made_is_named(pool: dict[str, Any], reason: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        estimate_bytes(shop_spec(pools__name=pool), 1_000)
    assert "shop.toml: pools.name: " in str(caught.value)
    assert reason in str(caught.value)


def test_a_file_that_is_missing_or_no_toml_is_named_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"none.toml: the file is missing"):
        load_spec(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[tables]\nsales = = 3\n")
    with pytest.raises(ScenarioError, match=r"broken.toml: not valid TOML: .*line 2"):
        load_spec(broken)
    broken.write_text(f"a = {'[' * 5000}{']' * 5000}")
    with pytest.raises(ScenarioError, match=r"broken.toml: lists or tables lie too deep in one another"):
        load_spec(broken)
    broken.write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match=r"broken.toml: not UTF-8"):
        load_spec(broken)


@pytest.mark.parametrize(
    "more",
    [
        "CREATE SCHEMA archive; CREATE TABLE archive.line (LIKE public.line);",
        "CREATE SCHEMA archive; CREATE TABLE archive.sale (other int NOT NULL);",
        "ALTER TABLE line DROP sold_at; ALTER TABLE line ADD sold_at timestamptz;",
        "ALTER TABLE line RENAME TO lines; CREATE TABLE line (LIKE lines);",
        "ALTER TABLE line ADD made_by int NOT NULL; ALTER TABLE line ALTER made_by SET DEFAULT 1;",
        "DO $$ BEGIN EXECUTE 'ALTER TABLE line ADD more int'; END $$;",
    ],
)
def test_what_the_statements_leave_open_is_not_judged_by_them(more: str) -> None:
    check_declared(shop_spec(), [SqlFile(Path("schema.sql"), TABLES + more)], SCALE)


def test_a_table_that_the_statements_tell_wholly_is_judged_by_them() -> None:
    text = TABLES.replace("before_id uuid, ", "") + "ALTER TABLE sale ADD more int;"
    with pytest.raises(ScenarioError, match=r"tables\.line\.columns\.before_id"):
        check_declared(shop_spec(), [SqlFile(Path("schema.sql"), text)], SCALE)
