-- Whether this role may ask for the size of a file in the data directory.
SELECT pg_catalog.has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE')
