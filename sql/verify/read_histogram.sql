-- Keys, as text, that part the rows of the table $1 into like shares by its column $2, as the last ANALYZE found them;
-- no row where it found none, where values repeat, or where the table ($3 rows) has changed by a tenth since.
SELECT s.histogram_bounds::text::text[]
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_stats s ON (s.schemaname, s.tablename, s.attname) = (n.nspname, c.relname, $2::text::name)
WHERE c.oid = to_regclass($1::text)
  AND c.relkind IN ('r', 'm')
  AND NOT s.inherited
  AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
  AND s.most_common_vals IS NULL
  AND c.reltuples BETWEEN 0.9 * $3::float8 AND 1.1 * $3::float8
  AND pg_relation_size(c.oid) <= 1.1 * c.relpages * current_setting('block_size')::bigint
  AND pg_stat_get_mod_since_analyze(c.oid) <= 0.1 * c.reltuples
