-- Tables that the running transaction has written to, told by its locks.
SELECT n.nspname AS schema_name, c.relname AS table_name
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    l.pid = pg_catalog.pg_backend_pid()
    AND l.locktype = 'relation'
    AND l.mode = 'RowExclusiveLock'
    AND c.relkind = 'r'
    AND n.nspname <> 'pg_catalog'
