-- Columns of every relation, and what their types allow: is equality defined, can equal values be written differently.
WITH RECURSIVE used AS (
    SELECT DISTINCT a.atttypid AS type
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_'
),
parts (type, part) AS (
    SELECT type, type FROM used
    UNION
    SELECT parts.type, child.oid
    FROM parts
    JOIN pg_type t ON t.oid = parts.part
    CROSS JOIN LATERAL (
        SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
        UNION ALL
        SELECT t.typelem WHERE t.typcategory = 'A' AND t.typelem <> 0
        UNION ALL
        SELECT a.atttypid FROM pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
    ) AS child
),
leaves AS (
    SELECT parts.type, t.oid, t.typtype, t.typname, t.typnamespace = 'pg_catalog'::regnamespace AS built_in
    FROM parts
    JOIN pg_type t ON t.oid = parts.part
    WHERE t.typtype IN ('b', 'e') AND NOT (t.typcategory = 'A' AND t.typelem <> 0)
),
traits AS (
    SELECT type,
           bool_and(typtype = 'e' OR EXISTS (
               SELECT FROM pg_opclass o
               JOIN pg_am m ON m.oid = o.opcmethod
               WHERE m.amname IN ('btree', 'hash') AND o.opcdefault
                 AND (o.opcintype = leaves.oid OR EXISTS (
                     SELECT FROM pg_cast c
                     WHERE c.castsource = leaves.oid AND c.casttarget = o.opcintype
                       AND c.castmethod = 'b' AND c.castcontext = 'i'
                 ))
           )) AS has_equality,
           bool_and(typtype = 'e' OR built_in AND typname IN (
               'bool', 'int2', 'int4', 'int8', 'oid', 'text', 'varchar', 'uuid', 'date', 'time', 'timestamp',
               'timestamptz', 'bytea', 'name', 'char', 'inet', 'cidr', 'macaddr', 'macaddr8', 'bit', 'varbit', 'money'
           )) AS one_rendering
    FROM leaves
    GROUP BY type
)
SELECT a.attrelid AS relation,
       a.attnum AS number,
       a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS type_sql,
       a.atttypid AS type_oid,
       a.atttypmod AS modifier,
       base.typname AS base_type,
       base.typcategory::text AS category,
       CASE WHEN a.attcollation <> 0 THEN co.collname END AS collation,
       coalesce(co.collisdeterministic, true) AS deterministic,
       a.attnotnull AND NOT EXISTS (
           SELECT FROM pg_constraint k
           WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND NOT k.convalidated AND k.conkey = ARRAY[a.attnum]
       ) AS not_null,
       pg_get_expr(d.adbin, d.adrelid) AS default_sql,
       a.attgenerated <> '' AS generated,
       coalesce(traits.has_equality, false) AS has_equality,
       coalesce(traits.one_rendering, false) AS one_rendering
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type base ON base.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN traits ON traits.type = a.atttypid
WHERE a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname NOT IN ('information_schema', 'bench_old')
  AND n.nspname !~ '^pg_'
ORDER BY a.attrelid, a.attnum
