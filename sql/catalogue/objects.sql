-- What else a migration can lose or change: triggers, policies, functions, comments and grants, each by its identity.
WITH schemas AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname NOT IN ('information_schema', 'bench_old') AND nspname !~ '^pg_'
),
relations AS (
    SELECT c.oid, c.relname, c.relowner, c.relkind, c.relacl, s.nspname
    FROM pg_class c
    JOIN schemas s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
),
functions AS (
    SELECT p.oid, s.nspname, p.proname, pg_get_function_identity_arguments(p.oid) AS arguments,
           p.proowner, p.proacl, p.prokind
    FROM pg_proc p
    JOIN schemas s ON s.oid = p.pronamespace
    WHERE NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    )
),
granted AS (
    SELECT r.oid AS relation, format('%s.%s', r.nspname, r.relname) AS on_object, g.grantee, g.privilege_type,
           g.is_grantable, r.relowner AS owner
    FROM relations r, aclexplode(r.relacl) g
    UNION ALL
    SELECT r.oid, format('%s.%s.%s', r.nspname, r.relname, a.attname), g.grantee, g.privilege_type, g.is_grantable,
           r.relowner
    FROM relations r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped, aclexplode(a.attacl) g
    UNION ALL
    SELECT 0, format('%s.%s(%s)', f.nspname, f.proname, f.arguments), g.grantee, g.privilege_type, g.is_grantable,
           f.proowner
    FROM functions f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) g
    UNION ALL
    SELECT 0, s.nspname::text, g.grantee, g.privilege_type, g.is_grantable, n.nspowner
    FROM schemas s
    JOIN pg_namespace n ON n.oid = s.oid, aclexplode(n.nspacl) g
)
SELECT 'trigger' AS kind, t.tgrelid AS relation, format('%s.%s: %s', r.nspname, r.relname, t.tgname) AS identity,
       format('%s %s', pg_get_triggerdef(t.oid), t.tgenabled) AS definition
FROM pg_trigger t
JOIN relations r ON r.oid = t.tgrelid
WHERE NOT t.tgisinternal
UNION ALL
SELECT 'policy', p.polrelid, format('%s.%s: %s', r.nspname, r.relname, p.polname),
       format('%s %s %s USING (%s) WITH CHECK (%s)', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
              p.polcmd, (SELECT array_agg(coalesce(pg_get_userbyid(nullif(role, 0)), 'public')) FROM unnest(p.polroles) role),
              pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p
JOIN relations r ON r.oid = p.polrelid
UNION ALL
SELECT 'function', 0, format('%s.%s(%s)', nspname, proname, arguments),
       CASE WHEN prokind IN ('f', 'p') THEN pg_get_functiondef(oid) ELSE prokind::text END
FROM functions
UNION ALL
SELECT 'comment', CASE WHEN d.classoid = 'pg_class'::regclass THEN d.objoid ELSE 0 END,
       format('%s %s', o.type, o.identity), d.description
FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) o
WHERE coalesce(o.schema, split_part(o.identity, '.', 1)) IN (SELECT nspname FROM schemas)
   OR split_part(o.identity, ' on ', 2) ~ ('^(' || (SELECT string_agg(nspname, '|') FROM schemas) || ')\.')
UNION ALL
SELECT 'grant', relation,
       format('%s on %s to %s', privilege_type, on_object, coalesce(pg_get_userbyid(nullif(grantee, 0)), 'public')), ''
FROM granted
WHERE grantee <> owner
UNION ALL
SELECT 'grant', relation,
       format('GRANT OPTION for %s on %s to %s', privilege_type, on_object, pg_get_userbyid(grantee)), ''
FROM granted
WHERE grantee <> owner AND is_grantable
ORDER BY 1, 3
