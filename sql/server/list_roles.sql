-- Those of the given names that are roles.
SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY ($1::text[]) ORDER BY rolname
