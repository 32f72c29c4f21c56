-- The relation (quoted) and the column that a reader writes as $1, without the schema where that is `public`; names may hold dots.
SELECT format('%I.%I', n.nspname, c.relname) AS relation,
       a.attname AS "column"
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
WHERE CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname || '.' || a.attname = $1
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND a.attnum > 0
  AND NOT a.attisdropped
