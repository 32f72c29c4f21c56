-- Checkpoints since the statistics began (PostgreSQL 17 and newer).
SELECT (num_timed + num_requested)::bigint FROM pg_catalog.pg_stat_checkpointer
