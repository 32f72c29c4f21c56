-- Bytes free within heap and TOAST of every table, as pgstattuple finds them (from the free space map where it can).
SELECT n.nspname AS schema_name,
       c.relname AS table_name,
       (heap.approx_free_space + COALESCE(toast.approx_free_space, 0))::bigint AS free_bytes
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL pgstattuple_approx(c.oid) AS heap
LEFT JOIN LATERAL pgstattuple_approx(NULLIF(c.reltoastrelid, 0)) AS toast ON true
WHERE c.relkind IN ('r', 'm')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\_toast%'
  AND n.nspname NOT LIKE 'pg\_temp%'
