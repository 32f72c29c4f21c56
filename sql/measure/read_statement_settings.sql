-- The schema of pg_stat_statements in this database (null: not there), and what the extension tracks.
SELECT
    (
        SELECT n.nspname
        FROM pg_catalog.pg_extension AS e
        JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements'
    ) AS schema_name,
    current_setting('pg_stat_statements.track', true) AS track,
    current_setting('pg_stat_statements.track_planning', true) AS track_planning
