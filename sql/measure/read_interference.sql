-- What may interfere with a slice: checkpoints begun so far, autovacuum's block accesses so far, its workers that run now.
SELECT
    (SELECT (num_timed + num_requested)::bigint FROM pg_catalog.pg_stat_checkpointer) AS checkpoints,
    (
        SELECT coalesce(sum(coalesce(reads, 0) + coalesce(hits, 0) + coalesce(extends, 0)), 0)::bigint
        FROM pg_catalog.pg_stat_io
        WHERE backend_type = 'autovacuum worker'
    ) AS autovacuum_accesses,
    (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'autovacuum worker') AS autovacuum_workers
