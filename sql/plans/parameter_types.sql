-- The types of the parameters of this session's prepared statement $1, in order, by their qualified names.
-- As regtype writes them, bpchar is "character" and bit is "bit": a cast to these cuts a value to its first place.
SELECT array_agg(
    pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname) ORDER BY p.number
) AS types
FROM pg_catalog.pg_prepared_statements s
CROSS JOIN LATERAL pg_catalog.unnest(s.parameter_types) WITH ORDINALITY AS p (type, number)
JOIN pg_catalog.pg_type t ON t.oid = p.type
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE s.name = $1
