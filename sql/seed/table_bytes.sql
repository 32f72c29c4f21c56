-- Bytes of each table in schema $1 with its indexes and TOAST; a partitioned one's are its partitions'.
SELECT c.relname AS "table",
       CASE c.relkind
           WHEN 'p' THEN (SELECT coalesce(sum(pg_total_relation_size(part.relid)), 0)::bigint FROM pg_partition_tree(c.oid) part)
           ELSE pg_total_relation_size(c.oid)
       END AS bytes
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
