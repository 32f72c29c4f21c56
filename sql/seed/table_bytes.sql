-- Bytes of each table in schema $1 with its indexes and TOAST.
SELECT c.relname AS "table", pg_total_relation_size(c.oid) AS bytes
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind = 'r'
