-- Checkpoints since the statistics began (PostgreSQL 15 and 16).
SELECT (checkpoints_timed + checkpoints_req)::bigint FROM pg_catalog.pg_stat_bgwriter
