-- Version, role, place and state of the server; the data folder only where the role may see it.
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::int AS version_num,
       current_user::text AS user_name,
       (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS data_directory,
       pg_is_in_recovery() AS is_standby,
       current_setting('default_transaction_read_only')::bool AS is_read_only,
       pg_backend_pid() AS backend_pid
