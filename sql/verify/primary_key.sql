-- The columns of the primary key of the table $1 (quoted, with its schema), in the key's order.
SELECT a.attname
FROM pg_index i
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
WHERE i.indrelid = to_regclass($1)
  AND i.indisprimary
  AND k.place <= i.indnkeyatts
ORDER BY k.place
