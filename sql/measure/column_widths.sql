-- Average width and share of NULLs of the column $3 of the table $2 in the schema $1, by the planner's statistics.
SELECT avg_width, null_frac::float8
FROM pg_catalog.pg_stats
WHERE schemaname = $1 AND tablename = $2 AND attname = $3 AND NOT inherited
