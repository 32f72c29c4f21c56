-- The columns of the table $2 in the schema $1 in order, and whether each is part of the primary key.
SELECT
    a.attname AS name,
    coalesce(a.attnum = ANY (k.conkey), false) AS in_key
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
WHERE n.nspname = $1 AND c.relname = $2
ORDER BY a.attnum
