-- How far the rows of the table $1 lie in the order of its column $2, from -1 to 1, as the last ANALYZE found it; no row where
-- it found none, or where other tables inherit from it.
SELECT s.correlation
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_stats s ON (s.schemaname, s.tablename, s.attname) = (n.nspname, c.relname, $2::text::name)
WHERE c.oid = to_regclass($1::text)
  AND c.relkind IN ('r', 'm')
  AND NOT s.inherited
  AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
