-- Settings that differ from PostgreSQL's defaults or were given, and the few that matter to a measurement always.
SELECT name, current_setting(name) AS value
FROM pg_settings
WHERE name NOT IN ('application_name', 'cluster_name', 'unix_socket_directories') -- names and places of this one server
  AND category <> 'File Locations'
  AND name !~ '(conninfo|_command|krb_server_keyfile)$' -- may hold secrets, and measure nothing
  AND (setting IS DISTINCT FROM boot_val AND source NOT IN ('client', 'session')
       OR source IN ('configuration file', 'command line', 'environment variable')
       OR name IN ('jit', 'plan_cache_mode', 'max_parallel_workers_per_gather', 'random_page_cost', 'shared_buffers',
                   'work_mem', 'fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum', 'wal_level',
                   'data_checksums', 'block_size', 'server_encoding'))
ORDER BY name
