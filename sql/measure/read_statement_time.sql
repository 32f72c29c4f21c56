-- Of all statements in the database $1: seconds (planning included where it is tracked), calls, temporary bytes, pages.
SELECT
    (coalesce(sum(s.total_exec_time + s.total_plan_time), 0) / 1000)::float8 AS seconds,
    coalesce(sum(s.calls), 0)::bigint AS calls,
    (coalesce(sum(s.temp_blks_written), 0) * current_setting('block_size')::bigint)::bigint AS temp_bytes,
    coalesce(sum(s.shared_blks_hit), 0)::bigint AS hit,
    coalesce(sum(s.shared_blks_read), 0)::bigint AS read,
    coalesce(sum(s.temp_blks_written), 0)::bigint AS temp
FROM pg_stat_statements(false) AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
WHERE d.datname = $1 AND s.toplevel
