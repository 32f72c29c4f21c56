"""Results built by hand, one for each situation that the report must show; the golden files are made from them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from harness.errors import EXIT_COULD_NOT_RUN, EXIT_INTEGRITY
from harness.outcome import conclude
from harness.result import (
    Attribution,
    Cause,
    ClaimResult,
    ColumnCheck,
    Comparison,
    DroppedColumn,
    Environment,
    Example,
    Finding,
    IndexRecord,
    Integrity,
    LockTaken,
    MigrationStep,
    PhaseRecord,
    PlanChange,
    PlanMode,
    PlanRecord,
    QueryError,
    QueryIo,
    Result,
    SeedManifest,
    SeedTable,
    ServerIo,
    StorageRecord,
    ViewCheck,
    VoidSlice,
)

MIB = 1024 * 1024

EMPTY = Result(
    schema_version=1,
    tool="bench 0.1.0",
    run_id="k3v9qz",
    scenario="shop",
    origin="a user's own migration",
    scale="100k",
    profile="clean",
    seed=1,
    started_at="2025-03-28T21:04:11Z",
)


def compare(query: str, ratio: float | None, verdict: str, width: float = 0.05, **fields: Any) -> Comparison:
    """A p50 comparison with an interval of the relative width around the ratio."""
    before_s = fields.pop("before_s", 0.0123)
    values: dict[str, Any] = {
        "query": query,
        "arm": "after",
        "metric": "p50",
        "basis": "response",
        "clients": 1,
        "ratio": ratio,
        "ci_low": None if ratio is None else ratio * (1 - width),
        "ci_high": None if ratio is None else ratio * (1 + width),
        "p_adjusted": None if ratio is None else 0.0004 if verdict in ("slower", "faster") else 0.41,
        "blocks": 20,
        "void_blocks": 0,
        "samples": 4000,
        "verdict": verdict,
        "before_s": None if ratio is None else before_s,
        "after_s": None if ratio is None else before_s * ratio,
        "margin": 0.02,
        "gated": True,
    }
    return Comparison(**(values | fields))


def control(item: Comparison, ratio: float, width: float = 0.015) -> Comparison:
    """The A/A control of a comparison."""
    return replace(
        item,
        arm="control",
        ratio=ratio,
        ci_low=ratio * (1 - width),
        ci_high=ratio * (1 + width),
        verdict="equivalent",
        gated=False,
        p_adjusted=0.8,
    )


def column(name: str, view: str | None, verdict: str = "identical", rows: int = 100_000, **fields: Any) -> ColumnCheck:
    """A dropped column `table.column`, compared in all its rows unless it has no counterpart."""
    table, _, short = name.partition(".")
    compared = rows if view else 0
    values: dict[str, Any] = {
        "table": table,
        "column": short,
        "type": "character varying(255)",
        "counterpart": f"{view}.{short}" if view else None,
        "counterpart_type": "character varying(255)" if view else None,
        "lineage": "name" if view else "none",
        "verdict": verdict,
        "rows": compared,
        "identical": compared,
        "non_null": rows,
    }
    return ColumnCheck(**(values | fields))


def stored(
    stage: str, table: str | None, heap: int, index: int, toast: int = 0, rows: int | None = 100_000
) -> StorageRecord:
    """A table's sizes in MiB."""
    total = (heap + index + toast) * MIB + (9 * MIB if table is None else 0)
    return StorageRecord(stage, table, rows, heap * MIB, index * MIB, toast * MIB, total)


INTEGRITY = Integrity(
    verdict="pass",
    views=(
        ViewCheck("orders_with_details", ("orders", "customers"), 14, 100_000),
        ViewCheck("items_with_details", ("items", "products", "categories"), 9, 250_000),
    ),
    columns=(
        column("orders.customer_name", "orders_with_details"),
        column("orders.customer_email", "orders_with_details"),
        column("items.product_name", "items_with_details", rows=250_000),
        column(
            "items.product_price",
            "items_with_details",
            rows=250_000,
            type="numeric(12,2)",
            counterpart_type="numeric(12,2)",
        ),
    ),
    rows_compared=350_000,
    cells_compared=700_000,
)

_READS = (
    compare("orders_list", 0.62, "faster", before_s=0.0481),
    compare("orders_by_status", 1.004, "equivalent", width=0.02, before_s=0.00031),
    compare("order_items", 0.985, "equivalent", width=0.025, before_s=0.0045),
    compare("customer_report", 0.214, "faster", width=0.03, before_s=1.31),
)

LATENCY = (*_READS, *(control(item, 1 + 0.004 * number) for number, item in enumerate(_READS, start=-1)))

STORAGE = (
    stored("before", "orders", 41, 22, 1),
    stored("before", "items", 60, 31, rows=250_000),
    stored("before", None, 101, 53, 1, rows=350_000),
    stored("after", "orders", 41, 24, 1),
    stored("after", "items", 60, 31, rows=250_000),
    stored("after", None, 101, 55, 1, rows=350_000),
    stored("before_rewritten", None, 97, 45, 1, rows=350_000),
    stored("after_rewritten", None, 74, 47, 1, rows=350_000),
)

STAGED_STORAGE = (
    replace(stored("before", "orders", 41, 22, 1), free_bytes=MIB // 2, row_bytes=440.4),
    replace(stored("before", None, 101, 53, 1), free_bytes=MIB),
    stored("views_created", None, 101, 53, 1),
    stored("columns_dropped", None, 101, 53, 1),
    replace(stored("vacuumed", None, 101, 53, 1), free_bytes=MIB),
    stored("indexes_added", None, 101, 55, 1),
    replace(stored("after", "orders", 41, 24, 1), free_bytes=MIB // 2, row_bytes=440.4),
    *(item for item in STORAGE if item.table is None and item.stage != "before"),
)

DROPPED = (
    DroppedColumn("orders", "customer_name", "character varying(255)", 100_000, 19, 0.02, 1_862_000),
    DroppedColumn("items", "product_name", "character varying(255)", 250_000, None, None, None),
)


def index(name: str, key: str, scans: int | None, **fields: Any) -> IndexRecord:
    """An index of orders after the migration."""
    values: dict[str, Any] = {
        "arm": "after",
        "table": "orders",
        "index": name,
        "key": key,
        "leads": f"orders.{key.split(',')[0]}",
        "size_bytes": 2 * MIB,
        "scans": scans,
        "unique": False,
        "enforces": False,
        "valid": True,
        "created": True,
        "asked_for": True,
        "duplicate_of": "",
        "redundant_with": "",
        "definition": f"CREATE INDEX {name} ON public.orders USING btree ({key})",
    }
    return IndexRecord(**(values | fields))


INDEXES = (
    index("orders_pkey", "id", 0, unique=True, enforces=True, created=False, asked_for=False),
    index("orders_status", "status", 12_000, created=False),
    index("idx_orders_status", "status", 0, duplicate_of="orders_status"),
    index("idx_orders_tenant", "tenant_id", 3, redundant_with="orders_tenant_number_key"),
    index("idx_orders_due", "due_date", 0),
    index("idx_orders_half", "note", 0, valid=False, created=False, asked_for=False),
)

MIGRATIONS = (
    MigrationStep("01_views.sql", 3, "CREATE VIEW orders_with_details AS SELECT …", 0.0042, True),
    MigrationStep(
        "02_drop.sql",
        1,
        "ALTER TABLE orders DROP COLUMN customer_name",
        0.0019,
        True,
        locks=(LockTaken("orders", "AccessExclusiveLock"),),
    ),
    MigrationStep(
        "03_indexes.sql",
        1,
        "CREATE INDEX orders_status ON orders (status)",
        0.184,
        True,
        locks=(LockTaken("orders", "ShareLock"),),
        wal_bytes=2 * MIB + 4096,
    ),
)

CLAIMS = (
    ClaimResult(
        "faster", "Queries are 5x faster", "Goals", "refuted", "1.57× (1.50× to 1.65×)", tested="speed-up ≥ 5.00×"
    ),
    ClaimResult("no-loss", "No data loss", "Goals", "supported", "0 findings", tested="= 0 findings", value=0.0),
    ClaimResult(
        "zero-downtime", "Zero downtime", "Goals", "undecided", "", reason="not measured: nobody used the database"
    ),
)

PHASES = tuple(
    PhaseRecord(name, seconds, 180.0, "done")
    for name, seconds in (("seed", 12.1), ("snapshot", 2.2), ("migrate", 0.9), ("verify", 3.4), ("measure", 61.0))
)

_SCAN = {
    "Node Type": "Index Scan",
    "Schema": "public",
    "Relation Name": "orders",
    "Alias": "o",
    "Index Name": "orders_status",
    "Index Cond": "(o.status = 'open'::text)",
    "Plan Rows": 100,
    "Actual Rows": 98,
    "Actual Loops": 1,
    "Actual Total Time": 0.21,
    "Shared Hit Blocks": 47,
}
PLAN_BEFORE = {"Plan": _SCAN, "Planning Time": 0.09, "Execution Time": 0.23}
PLAN_AFTER = {
    "Plan": {
        "Node Type": "Nested Loop",
        "Join Type": "Left",
        "Plan Rows": 5,
        "Actual Rows": 98,
        "Actual Loops": 1,
        "Actual Total Time": 0.61,
        "Shared Hit Blocks": 341,
        "Plans": [
            _SCAN,
            {
                "Node Type": "Index Scan",
                "Schema": "public",
                "Relation Name": "customers",
                "Alias": "c",
                "Index Name": "customers_pkey",
                "Index Cond": "(c.id = o.customer_id)",
                "Plan Rows": 1,
                "Actual Rows": 1,
                "Actual Loops": 98,
                "Actual Total Time": 0.003,
                "Shared Hit Blocks": 294,
            },
        ],
    },
    "Planning Time": 0.31,
    "Execution Time": 0.66,
}


def planned(arm: str, plan: Any, mode: PlanMode = "custom", **fields: Any) -> PlanRecord:
    """The plan of orders_by_status on an arm."""
    values = {"buffers": 47, "execution_s": 0.00023, "planning_s": 0.00009, "rows": 98, "rows_read": 98}
    return PlanRecord("orders_by_status", arm, plan, mode=mode, parameters="status = 'open'", **(values | fields))


PLANS = (
    planned("before", PLAN_BEFORE),
    planned("before", PLAN_BEFORE, "generic"),
    planned("after", PLAN_AFTER, buffers=341, execution_s=0.00066, planning_s=0.00031, rows_read=196),
    planned("after", PLAN_AFTER, "generic", error="did not end within the statement timeout (60000ms)"),
)
PLAN_CHANGES = (
    PlanChange("orders_by_status", "after", "custom", "appeared", "customers", "", "Index Scan using customers_pkey"),
    PlanChange("orders_by_status", "after", "custom", "buffers", "", "47", "341"),
    PlanChange("orders_by_status", "after", "custom", "estimate", "Nested Loop Left", "5", "98"),
)
CAUSES = (
    Cause(
        "orders_by_status",
        "after",
        "slower",
        "tables_added",
        "reads 1 more table: customers (Index Scan using customers_pkey, 98 times, 98 rows)",
        0.0004,
    ),
    Cause(
        "orders_by_status",
        "after",
        "slower",
        "missing_index",
        "reads all 5,000 rows of tags to join on order_id, which no index leads",
        remedy='CREATE INDEX ON "public"."tags" ("order_id");',
    ),
)

ALL_GOOD = conclude(
    replace(
        EMPTY,
        phases=PHASES,
        environment=Environment(
            machine={"cpu": "8 cores", "memory_bytes": 16 * 1024 * MIB},
            server_version="18.6",
            server_version_num=180006,
            settings={"shared_buffers": "2GB", "fsync": "on"},
            client={"asyncpg": "0.30.0"},
        ),
        seed_manifest=SeedManifest(
            tables=(SeedTable("orders", 100_000, 41 * MIB), SeedTable("items", 250_000, 60 * MIB)),
            rows=350_000,
            bytes=101 * MIB,
        ),
        migrations=MIGRATIONS,
        integrity=INTEGRITY,
        latency=LATENCY,
        storage=STORAGE,
        plans=PLANS,
        claims=CLAIMS,
        complete=True,
    )
)

_LOSS = replace(
    INTEGRITY,
    verdict="fail",
    columns=(
        *INTEGRITY.columns[:2],
        column(
            "items.product_name",
            "items_with_details",
            "different",
            rows=250_000,
            identical=249_880,
            different=90,
            value_to_null=30,
            stale_before=90,
        ),
        column("products.category", None, "no_counterpart", rows=4000),
    ),
    findings=(
        Finding(
            "type_drift",
            "warning",
            "orders.customer_email",
            "character varying(255) became text",
            next_step="cast it to the old type in the view",
        ),
        Finding(
            "no_counterpart",
            "error",
            "products.category",
            "no view over products exists; 4,000 values are gone",
            count=4000,
            rows=4000,
            query="SELECT count(category) FROM bench_old.products",
            database="bench_k3v9qz_verify",
            next_step="add it to a view, or name its counterpart in column_map",
        ),
        Finding(
            "value_differs",
            "error",
            "items.product_name",
            "the view shows the product's present name",
            count=90,
            rows=250_000,
            cause="stale_copy",
            examples=(
                Example("id=17", "Lamp ", "Lamp"),
                Example("id=18", "x" * 300 + " old end", "x" * 300 + " new end"),
                Example("id=19", None, ""),
            ),
            query="SELECT id, old.product_name, new.product_name\nFROM bench_old.items AS old\n"
            "JOIN items_with_details AS new USING (id)",
        ),
        Finding(
            "access_wider",
            "warning",
            "orders_with_details",
            "anon reads rows that orders does not show it",
            count=12,
            rows=100_000,
            examples=tuple(Example(f"id={number}") for number in range(12)),
        ),
        Finding(
            "value_to_null",
            "error",
            "items.product_name",
            "the reference is NULL, the copy was filled",
            count=30,
            rows=250_000,
            cause="null_fk",
            accepted="kept in the archive",
        ),
    ),
    notes=("values were compared natively and, where equal values can differ in writing, as text",),
)
INTEGRITY_FAILURE = conclude(replace(ALL_GOOD, integrity=_LOSS))

_SLOW = (
    compare("orders_search", 15.2, "slower", width=0.07, before_s=0.0021, warnings=("t-test disagrees",)),
    compare("orders_list", 1.31, "slower", before_s=0.0481, void_blocks=1),
    compare("orders_by_status", 1.03, "slower", width=0.005, before_s=0.00031),
    compare("rename_customer", 0.041, "faster", width=0.1, before_s=0.61),
)
_OPEN: dict[str, Any] = {
    "load": "open",
    "rate_per_s": 312.0,
    "clients": 4,
    "gated": False,
    "advisory": True,
    "intended": 12_480,
    "late": 98,
    "skipped": 0,
}
_MIXED = (
    compare("(mix)", 1.12, "slower", metric="p50", before_s=0.0041, **_OPEN),
    compare("(mix)", 1.35, "slower", metric="p99", before_s=0.031, **_OPEN),
    compare("(mix)", 1.0, "equivalent", metric="throughput", before_s=0.0032, width=0.01, **_OPEN),
    compare("orders_list", 1.29, "slower", metric="p50", before_s=0.0488, **_OPEN),
)
REGRESSION = conclude(
    replace(
        ALL_GOOD,
        latency=(
            *_SLOW,
            *(control(item, 0.99) for item in _SLOW),
            compare("orders_list", 1.22, "slower", metric="p95", gated=False, advisory=True, before_s=0.09),
            compare("orders_list", 1.52, "slower", basis="server", gated=False, before_s=0.031),
        ),
        throughput=(
            compare("(mix)", 0.93, "inconclusive", metric="throughput", gated=False),
            *_MIXED,
            *(control(item, 1.01) for item in _MIXED),
        ),
        attribution=tuple(
            Attribution("orders_list", factor, ratio, ratio * 0.95, ratio * 1.05, 12)  # type: ignore[arg-type]
            for factor, ratio in (
                ("indexes_alone", 0.256),
                ("normalisation_alone", 1.05),
                ("both", 0.244),
                ("interaction", 0.908),
            )
        ),
        storage=STAGED_STORAGE,
        dropped_columns=DROPPED,
        indexes=INDEXES,
        plan_changes=PLAN_CHANGES,
        causes=CAUSES,
        query_io=(
            QueryIo("orders_by_status", "before", 1, 12_000, 47.0, 0.0, 0.0, 0, 12_000),
            QueryIo("orders_by_status", "after", 1, 9_000, 338.5, 2.5, 0.0, 8_900, 100, (5,)),
        ),
        server_io=(ServerIo("client backend", "relation", "normal", 9_000, 120, 983_040, 0, 0, 3, 17),),
        errors=(QueryError("orders_search", "after", "57014", "canceling statement due to statement timeout", 2),),
        void_slices=(VoidSlice("orders_list", "after", 7, 0.0031, "event loop late"),),
    )
)

INCONCLUSIVE = conclude(
    replace(
        ALL_GOOD,
        scale="1k",
        latency=(
            compare("orders_list", 1.02, "inconclusive", width=0.2, blocks=6, blocks_needed=38),
            compare("order_items", None, "inconclusive", blocks=0, samples=0, warnings=("no valid block",)),
            compare("orders_by_status", 1.0, "equivalent", width=0.02, clients=4),
        ),
    )
)

FAILED_MIGRATION = conclude(
    replace(
        EMPTY,
        phases=(
            *PHASES[:2],
            PhaseRecord(
                "migrate",
                0.4,
                120.0,
                "failed",
                '02_drop.sql, line 1: column "nme" of relation "orders" does not exist',
            ),
        ),
        migrations=(
            MIGRATIONS[0],
            replace(
                MIGRATIONS[1],
                statement="ALTER TABLE orders DROP COLUMN nme",
                locks=(),
                error='column "nme" of relation "orders" does not exist',
            ),
        ),
    )
)

EMPTY_VIEW = conclude(
    replace(
        ALL_GOOD,
        integrity=Integrity(
            verdict="fail",
            views=(
                ViewCheck("orders_with_details", ("orders", "customers"), 14, 0),
                ViewCheck("broken", ("orders",), 3, None, error="division by zero"),
            ),
            columns=(
                column(
                    "orders.customer_name", "orders_with_details", "not_compared", rows=0, reason="no row to compare"
                ),
            ),
            findings=(
                Finding("nothing_compared", "error", "public.orders", "no row was compared, so nothing is proven"),
            ),
        ),
        latency=(),
        storage=(),
        claims=(),
    )
)

MANY_COLUMNS = conclude(
    replace(
        ALL_GOOD,
        integrity=replace(
            INTEGRITY,
            columns=tuple(column(f"wide.column_number_{number:02d}", "wide_with_details") for number in range(60)),
        ),
    )
)

MANY_QUERIES = conclude(
    replace(
        ALL_GOOD,
        latency=tuple(
            compare(f"query_{number:03d}", math.exp((number - 100) / 200), "equivalent", width=0.02, gated=False)
            for number in range(200)
        ),
    )
)

_HOSTILE = '<script>alert("x")</script> & "quoted" | pipe `tick` [b]'
_ODD = "שלום עולם \u202egnp.exe 👩🏽‍🚀 𝒳 a\u0000b\u001b[31m \ud800 ]]> {{ 7*7 }}"
STRANGE_NAMES = conclude(
    replace(
        ALL_GOOD,
        scenario="shop",
        origin=_HOSTILE,
        integrity=replace(
            _LOSS,
            views=(ViewCheck(_HOSTILE, (_ODD,), 1, 1, error=_ODD),),
            columns=(column(f"{_HOSTILE}.{_ODD}", _HOSTILE, "different", different=1, reason=_ODD),),
            findings=(
                Finding(
                    "value_differs",
                    "error",
                    _HOSTILE,
                    _ODD,
                    count=1,
                    rows=1,
                    examples=(Example(_ODD, _HOSTILE, _ODD),),
                    query=f"SELECT '{_HOSTILE}' -- {_ODD}",
                    accepted=None,
                ),
            ),
            notes=(_HOSTILE, _ODD),
        ),
        latency=(compare(_HOSTILE, 1.2, "slower"), compare(_ODD, 0.9, "faster", warnings=(_HOSTILE,))),
        claims=(ClaimResult("odd", _HOSTILE, _ODD, "refuted", _ODD, _HOSTILE),),
        migrations=(MigrationStep(_HOSTILE, 1, _ODD, 0.1, True, error=_HOSTILE),),
        notes=(_ODD,),
    )
)

CASES: dict[str, Result] = {
    "all_good": ALL_GOOD,
    "integrity_failure": INTEGRITY_FAILURE,
    "regression": REGRESSION,
    "inconclusive": INCONCLUSIVE,
    "failed_migration": FAILED_MIGRATION,
    "empty": conclude(EMPTY),
    "empty_view": EMPTY_VIEW,
    "sixty_columns": MANY_COLUMNS,
    "two_hundred_queries": MANY_QUERIES,
    "strange_names": STRANGE_NAMES,
}

assert CASES["empty"].exit_code == EXIT_COULD_NOT_RUN
assert INTEGRITY_FAILURE.exit_code == EXIT_INTEGRITY
