-- The pages of a table of the usual kind that holds all its rows itself: they can be counted part by part.
SELECT pg_relation_size(c.oid) / current_setting('block_size')::bigint
FROM pg_class c
JOIN pg_am a ON a.oid = c.relam AND a.amname = 'heap'
WHERE c.oid = $1 AND c.relkind IN ('r', 'm') AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
