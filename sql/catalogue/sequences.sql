-- Sequences, the column that each one numbers (none: a sequence that stands by itself), and the value that comes next.
WITH numbered AS (
    SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS number
    FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i' AND d.refobjsubid > 0
    UNION
    SELECT d.refobjid, a.adrelid, a.adnum
    FROM pg_depend d
    JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
    WHERE d.refclassid = 'pg_class'::regclass AND a.adrelid <> d.refobjid
)
SELECT c.oid,
       format('%s.%s', n.nspname, c.relname) AS identity,
       coalesce(numbered.relation, 0) AS relation,
       coalesce(numbered.number, 0)::int AS number,
       coalesce(pg_sequence_last_value(c.oid) + s.seqincrement, s.seqstart) AS next_value,
       s.seqincrement AS increment,
       format('%s INCREMENT BY %s MINVALUE %s MAXVALUE %s%s', format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin,
              s.seqmax, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END) AS definition
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN numbered ON numbered.sequence = c.oid
WHERE n.nspname NOT IN ('information_schema', 'bench_old')
  AND n.nspname !~ '^pg_'
  AND c.relpersistence <> 't'
ORDER BY 2, 3, 4
