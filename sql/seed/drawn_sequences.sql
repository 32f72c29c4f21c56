-- The columns of schema $1 that draw from a sequence by themselves, as an identity or by their default, and which way it goes.
SELECT c.relname AS "table",
       a.attname AS "column",
       q.seqrelid AS sequence,
       q.seqincrement > 0 AS ascends
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum
JOIN pg_depend d
  ON (d.classid, d.objid, d.refclassid) = ('pg_attrdef'::regclass, f.oid, 'pg_class'::regclass)
  OR (d.refclassid, d.refobjid, d.refobjsubid, d.classid, d.deptype)
     = ('pg_class'::regclass, c.oid, a.attnum, 'pg_class'::regclass, 'i')
JOIN pg_sequence q ON q.seqrelid = CASE WHEN d.deptype = 'i' THEN d.objid ELSE d.refobjid END
WHERE n.nspname = $1
  AND c.relkind IN ('r', 'p')
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND t.typcategory = 'N'
ORDER BY c.relname, a.attnum
