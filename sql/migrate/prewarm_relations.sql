-- Reads every table, index and TOAST table: into PostgreSQL's cache where all databases of the run fit, else the system's.
WITH run AS (
    SELECT sum(pg_database_size(oid)) AS bytes
    FROM pg_database
    WHERE starts_with(datname, substring(current_database() FROM '^[^_]*_[^_]*_'))
), way AS (
    SELECT CASE WHEN run.bytes < 0.8 * pg_size_bytes(current_setting('shared_buffers')) THEN 'buffer' ELSE 'read' END AS mode
    FROM run
)
SELECT sum(pg_prewarm(relation.oid::regclass, way.mode))
FROM pg_class AS relation
JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace
CROSS JOIN way
WHERE relation.relkind IN ('r', 'm', 'i', 't')
  AND namespace.nspname <> 'information_schema'
  AND (namespace.nspname = 'pg_toast' OR namespace.nspname !~ '^pg_')
