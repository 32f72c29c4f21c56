-- Throws what PostgreSQL's cache holds of these databases ($1, names) out of it.
SELECT count(evicted.*)
FROM (
    SELECT pg_buffercache_evict(buffer.bufferid)
    FROM pg_buffercache AS buffer
    JOIN pg_database AS database ON database.oid = buffer.reldatabase
    WHERE database.datname = ANY ($1)
) AS evicted
