-- list_marked_roles
-- Roles with the given comment; all roles where none is given.
SELECT rolname::text AS name
FROM pg_roles
WHERE $1::text IS NULL OR shobj_description(oid, 'pg_authid') = $1
ORDER BY rolname
