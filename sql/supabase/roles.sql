-- The roles that a Supabase project has: anon and authenticated for requests of its API, service_role past row
-- security. Creates only those that are missing and alters none, so it may run again.

DO $$
BEGIN
    IF to_regrole('anon') IS NULL THEN
        CREATE ROLE anon NOLOGIN NOINHERIT;
        GRANT anon TO CURRENT_USER;
    END IF;
    IF to_regrole('authenticated') IS NULL THEN
        CREATE ROLE authenticated NOLOGIN NOINHERIT;
        GRANT authenticated TO CURRENT_USER;
    END IF;
    IF to_regrole('service_role') IS NULL THEN
        CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS;
        GRANT service_role TO CURRENT_USER;
    END IF;
END
$$;
