-- Indexes of tables; expressions have an empty name among the columns.
SELECT i.indexrelid AS oid,
       i.indrelid AS relation,
       c.relname AS name,
       m.amname AS method,
       i.indisunique AS is_unique,
       i.indisprimary AS is_primary,
       i.indisvalid AND i.indisready AS valid,
       i.indimmediate AS immediate,
       i.indpred IS NOT NULL AS partial,
       ARRAY(SELECT coalesce(a.attname::text, '') FROM unnest(i.indkey::int2[]) WITH ORDINALITY u (number, place)
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number AND u.number > 0
             WHERE u.place <= i.indnkeyatts ORDER BY u.place) AS columns,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = i.indrelid AND (
                 a.attnum = ANY (i.indkey::int2[]) AND a.attnum > 0
                 OR EXISTS (SELECT FROM pg_depend d
                            WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                              AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
                              AND d.refobjsubid = a.attnum AND a.attnum > 0))
             ORDER BY a.attnum) AS uses,
       EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) AS constrains,
       i.indisreplident OR EXISTS (
           SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype = 'f'
       ) AS relied_on,
       c.relispartition AS attached,
       pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am m ON m.oid = c.relam
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('information_schema', 'bench_old')
  AND n.nspname !~ '^pg_'
ORDER BY i.indrelid, c.relname
