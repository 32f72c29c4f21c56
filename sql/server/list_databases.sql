-- Databases whose name begins like ours, with their comment and the number of sessions in them.
SELECT datname::text AS database,
       shobj_description(oid, 'pg_database') AS comment,
       (SELECT count(*) FROM pg_stat_activity WHERE datid = pg_database.oid)::int AS sessions
FROM pg_database
WHERE starts_with(datname, $1)
ORDER BY datname
