-- Seconds and calls of all statements that ran in the database named $1, planning included where it is tracked.
SELECT
    coalesce(sum(s.total_exec_time + s.total_plan_time), 0) / 1000 AS seconds,
    coalesce(sum(s.calls), 0)::bigint AS calls
FROM pg_stat_statements(false) AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
WHERE d.datname = $1 AND s.toplevel
