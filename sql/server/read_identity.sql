-- Which server and database a session is in: the same start to the microsecond is the same server.
SELECT
    pg_postmaster_start_time() AS started_at,
    current_setting('server_version') AS version,
    current_setting('server_version_num')::int AS version_num,
    current_database()::text AS database,
    current_user::text AS user_name
