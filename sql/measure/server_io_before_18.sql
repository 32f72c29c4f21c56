-- Reads and writes of every kind of process since the statistics began (PostgreSQL 16 and 17).
SELECT backend_type AS backend, object, context, coalesce(hits, 0) AS hits,
       coalesce(reads, 0) AS reads, coalesce(reads * op_bytes, 0)::bigint AS read_bytes,
       coalesce(writes, 0) AS writes, coalesce(writes * op_bytes, 0)::bigint AS written_bytes,
       coalesce(extends, 0) AS extends, coalesce(evictions, 0) AS evictions
FROM pg_catalog.pg_stat_io
