-- Locks that this session's transaction holds on relations outside the system's own schemas.
SELECT DISTINCT namespace.nspname || '.' || relation.relname AS relation, held.mode
FROM pg_locks AS held
JOIN pg_class AS relation ON relation.oid = held.relation
JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE held.pid = pg_backend_pid()
  AND held.locktype = 'relation'
  AND held.granted
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND namespace.nspname !~ '^(pg_|information_schema$)'
ORDER BY relation, held.mode
