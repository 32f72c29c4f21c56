-- The columns of every ordinary table of schema $1: type (of a domain what lies under it), NOT NULL, what fills them, labels.
SELECT c.relname AS "table",
       a.attname AS "column",
       t.typname AS type,
       base.modifier,
       a.attnotnull OR base.not_null AS not_null,
       a.atthasdef OR a.attidentity <> '' AS filled,
       a.attgenerated <> '' AS generated,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
CROSS JOIN LATERAL (
    WITH RECURSIVE layer AS (
        SELECT a.atttypid AS type, a.atttypmod AS modifier, false AS not_null, 0 AS depth
        UNION ALL
        SELECT d.typbasetype, CASE WHEN d.typtypmod >= 0 THEN d.typtypmod ELSE layer.modifier END,
               layer.not_null OR d.typnotnull, depth + 1
        FROM layer
        JOIN pg_type d ON d.oid = layer.type
        WHERE d.typtype = 'd'
    )
    SELECT type, modifier, not_null FROM layer ORDER BY depth DESC LIMIT 1
) base
JOIN pg_type t ON t.oid = base.type
WHERE n.nspname = $1
  AND c.relkind IN ('r', 'p')
  AND a.attnum > 0
  AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
