-- Tables whose statistics the migration has outdated, or never had: with the columns that lack them, or NULL for all.
WITH tables AS (
    SELECT c.oid, c.relkind, c.relname, n.nspname,
        coalesce(pg_stat_get_mod_since_analyze(c.oid), 0) > 0 AS is_changed
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
), missing_columns AS (
    SELECT t.oid, array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM tables AS t
    JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE NOT EXISTS (
        SELECT FROM pg_stats AS s
        WHERE s.schemaname = t.nspname AND s.tablename = t.relname AND s.attname = a.attname
            AND s.inherited = (t.relkind = 'p')
    )
    GROUP BY t.oid
), missing_expressions AS (
    SELECT DISTINCT i.indrelid AS oid
    FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE i.indexprs IS NOT NULL
        AND NOT EXISTS (SELECT FROM pg_stats AS s WHERE s.schemaname = n.nspname AND s.tablename = c.relname)
), missing_extended AS (
    SELECT DISTINCT t.oid
    FROM tables AS t
    JOIN pg_stats_ext AS s ON s.schemaname = t.nspname AND s.tablename = t.relname
    WHERE s.n_distinct IS NULL AND s.dependencies IS NULL AND s.most_common_vals IS NULL
)
SELECT t.nspname AS schema_name, t.relname AS table_name,
    CASE WHEN NOT t.is_changed AND x.oid IS NULL AND e.oid IS NULL THEN m.columns END AS columns
FROM tables AS t
LEFT JOIN missing_columns AS m USING (oid)
LEFT JOIN missing_expressions AS x USING (oid)
LEFT JOIN missing_extended AS e USING (oid)
WHERE t.is_changed OR m.oid IS NOT NULL OR x.oid IS NOT NULL OR e.oid IS NOT NULL
ORDER BY 1, 2
