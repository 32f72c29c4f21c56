-- Names of what this server lets this role do; an extension counts where the role can create it
-- (pg_stat_statements, which shows all databases, also where it is in this one already).
WITH me AS (
    SELECT rolsuper, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = current_user
), usable AS (
    SELECT extension.name::text, extension.installed_version IS NOT NULL AS is_here, me.rolsuper OR EXISTS (
               SELECT FROM pg_available_extension_versions AS version
               WHERE version.name = extension.name AND version.trusted) AS can_be_made
    FROM pg_available_extensions AS extension, me
)
SELECT 'superuser' AS name FROM me WHERE rolsuper
UNION ALL SELECT 'create_database' FROM me WHERE rolsuper OR rolcreatedb
UNION ALL SELECT 'bypass_rls' FROM me WHERE rolsuper OR rolbypassrls
UNION ALL SELECT 'checkpoint' FROM me WHERE rolsuper OR pg_has_role(current_user, 'pg_checkpoint', 'USAGE')
UNION ALL SELECT name FROM usable WHERE can_be_made AND name IN ('pg_prewarm', 'pgstattuple', 'pg_buffercache', 'amcheck')
UNION ALL SELECT name FROM usable WHERE (can_be_made OR is_here) AND name = 'pg_stat_statements'
      AND EXISTS (SELECT FROM pg_settings WHERE pg_settings.name = 'pg_stat_statements.max')
UNION ALL SELECT 'autovacuum_off' WHERE NOT current_setting('autovacuum')::bool
UNION ALL SELECT 'fsync' WHERE current_setting('fsync')::bool
