-- Which relations each view reads, directly.
SELECT DISTINCT r.ev_class AS view, d.refobjid AS relation
FROM pg_rewrite r
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
JOIN pg_class c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('information_schema', 'bench_old')
  AND n.nspname !~ '^pg_'
ORDER BY 1, 2
