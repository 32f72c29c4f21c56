-- Sessions of each of the databases $1 that wait for a lock at this moment; databases without any are left out.
SELECT datname::text AS database, count(*) AS waiting
FROM pg_catalog.pg_stat_activity
WHERE datname = ANY ($1::text[]) AND wait_event_type = 'Lock'
GROUP BY datname
