-- Every table, index and TOAST table with its pages, and how it is read: into PostgreSQL's cache where all databases of
-- the run fit, else into the system's.
WITH run AS (
    SELECT sum(pg_database_size(oid)) AS bytes
    FROM pg_database
    WHERE starts_with(datname, substring(current_database() FROM '^[^_]*_[^_]*_'))
)
SELECT relation.oid::int8 AS relation,
    pg_relation_size(relation.oid) / current_setting('block_size')::int AS pages,
    CASE WHEN run.bytes < 0.8 * pg_size_bytes(current_setting('shared_buffers')) THEN 'buffer' ELSE 'read' END AS mode
FROM pg_class AS relation
JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace
CROSS JOIN run
WHERE relation.relkind IN ('r', 'm', 'i', 't')
  AND namespace.nspname <> 'information_schema'
  AND (namespace.nspname = 'pg_toast' OR namespace.nspname !~ '^pg_')
  AND pg_relation_size(relation.oid) > 0
ORDER BY relation.relname
