-- Bytes of this database's cache of the system catalogues, a file that belongs to no relation (null: there is none).
SELECT (pg_catalog.pg_stat_file(
    pg_catalog.regexp_replace(pg_catalog.pg_relation_filepath('pg_catalog.pg_class'), '[^/]+$', 'pg_internal.init'), true
)).size
