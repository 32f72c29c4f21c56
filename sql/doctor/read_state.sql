-- What of a server's settings and of its present state may spoil a measurement; sizes in bytes.
SELECT
    pg_size_bytes(current_setting('shared_buffers')) AS shared_buffers,
    current_setting('jit')::bool AND pg_jit_available() AS jit,
    current_setting('autovacuum')::bool AS autovacuum,
    current_setting('fsync')::bool AS fsync,
    current_setting('full_page_writes')::bool AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('synchronous_standby_names') AS standbys,
    extract(epoch FROM current_setting('checkpoint_timeout')::interval)::float8 AS checkpoint_timeout_s,
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int AS free_connections,
    (
        SELECT count(*)
        FROM pg_stat_activity
        WHERE backend_type IN ('client backend', 'autovacuum worker', 'parallel worker')
            AND state IS DISTINCT FROM 'idle'
            AND pid <> pg_backend_pid()
    )::int AS busy_sessions
