-- The types of the parameters of this session's prepared statement $1, in order, as a cast names them.
SELECT parameter_types::text[] AS types
FROM pg_catalog.pg_prepared_statements
WHERE name = $1
