-- Sessions of the database $1 that wait for a lock at this moment.
SELECT count(*)
FROM pg_catalog.pg_stat_activity
WHERE datname = $1 AND wait_event_type = 'Lock'
