-- Every index of the user's tables: its size, and how often it was scanned since the statistics began.
SELECT i.indrelid::bigint AS relation,
       s.indexrelname AS name,
       s.idx_scan AS scans,
       pg_catalog.pg_relation_size(i.indexrelid) AS size_bytes
FROM pg_catalog.pg_stat_user_indexes AS s
JOIN pg_catalog.pg_index AS i ON i.indexrelid = s.indexrelid
