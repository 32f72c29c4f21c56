-- Settings of the timed sessions that a verdict depends on.
SELECT name, setting
FROM pg_catalog.pg_settings
WHERE name IN ('jit', 'plan_cache_mode', 'max_parallel_workers_per_gather', 'autovacuum')
ORDER BY name
