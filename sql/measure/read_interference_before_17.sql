-- What may interfere with a slice (PostgreSQL 15 and 16): checkpoints begun so far, autovacuum workers that run now.
SELECT
    (SELECT (checkpoints_timed + checkpoints_req)::bigint FROM pg_catalog.pg_stat_bgwriter) AS checkpoints,
    0::bigint AS autovacuum_accesses,
    (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'autovacuum worker') AS autovacuum_workers
