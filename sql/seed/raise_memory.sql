-- More memory for building indexes in this session, unless the server gives more already ($1: kilobytes).
SELECT set_config('maintenance_work_mem', greatest(setting::bigint, $1::bigint)::text, false)
FROM pg_settings
WHERE name = 'maintenance_work_mem'
