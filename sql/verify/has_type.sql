-- Whether a type is there and knows all these enum labels, in itself or in a type that it is made of.
WITH RECURSIVE parts (oid) AS (
    SELECT to_regtype($1)::oid
    UNION
    SELECT child.oid
    FROM parts
    JOIN pg_type t ON t.oid = parts.oid
    CROSS JOIN LATERAL (
        SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
        UNION ALL
        SELECT t.typelem WHERE t.typcategory = 'A' AND t.typelem <> 0
        UNION ALL
        SELECT a.atttypid FROM pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS child
)
SELECT to_regtype($1) IS NOT NULL
   AND NOT EXISTS (
       SELECT unnest($2::text[])
       EXCEPT
       SELECT e.enumlabel FROM parts JOIN pg_enum e ON e.enumtypid = parts.oid
   )
