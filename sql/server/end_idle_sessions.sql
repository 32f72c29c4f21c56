-- Ends our own role's idle sessions in a database and waits up to five seconds for each to be gone.
SELECT pg_terminate_backend(pid, 5000)
FROM pg_stat_activity
WHERE datname = $1 AND usename = current_user AND state = 'idle' AND pid <> pg_backend_pid()
