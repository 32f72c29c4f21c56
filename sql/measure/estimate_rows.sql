-- The planner's estimate of the rows of the tables named in $1 (qualified and quoted), together.
SELECT coalesce(sum(greatest(reltuples, 0)), 0)::float8
FROM pg_catalog.pg_class
WHERE oid = ANY ($1::text[]::regclass[])
