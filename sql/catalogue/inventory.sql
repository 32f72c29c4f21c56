-- What surrounds tables and is easily forgotten: types, rules, protections, publications, statistics, casts and the like.
WITH schemas AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname NOT IN ('information_schema', 'bench_old') AND nspname !~ '^pg_'
),
extended AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
),
relations AS (
    SELECT c.*, s.nspname, format('%s.%s', s.nspname, c.relname) AS name
    FROM pg_class c
    JOIN schemas s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
),
types AS (
    SELECT t.*, format('%s.%s', s.nspname, t.typname) AS name
    FROM pg_type t
    JOIN schemas s ON s.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r')
       OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')
)
SELECT 'type' AS kind, 0::oid AS relation, t.name AS identity,
       CASE t.typtype
           WHEN 'e' THEN 'ENUM ' || (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
                                     FROM pg_enum WHERE enumtypid = t.oid)
           WHEN 'd' THEN concat_ws(
               ' ', 'DOMAIN', format_type(t.typbasetype, t.typtypmod),
               'COLLATE ' || (SELECT collname FROM pg_collation WHERE oid = nullif(t.typcollation, 0)),
               CASE WHEN t.typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || t.typdefault,
               (SELECT string_agg(pg_get_constraintdef(oid), ' ' ORDER BY conname)
                FROM pg_constraint WHERE contypid = t.oid AND contype = 'c'))
           WHEN 'c' THEN 'COMPOSITE ' || coalesce((
               SELECT string_agg(format('%s %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
               FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped), '')
           ELSE 'RANGE OF ' || (SELECT format_type(rngsubtype, NULL) FROM pg_range WHERE rngtypid = t.oid)
       END AS definition
FROM types t
WHERE ('pg_type'::regclass, t.oid) NOT IN (SELECT classid, objid FROM extended)
UNION ALL
SELECT 'rule', r.oid, format('%s: %s', r.name, w.rulename), format('%s %s', pg_get_ruledef(w.oid), w.ev_enabled)
FROM pg_rewrite w
JOIN relations r ON r.oid = w.ev_class
WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT 'protection', r.oid, format('%s: %s', r.name, has.what), has.how
FROM relations r
CROSS JOIN LATERAL (VALUES
    ('its rows outlive a crash (it is LOGGED)', '', r.relkind = 'r' AND r.relpersistence = 'p'),
    ('row security holds for its owner, too (FORCE)', '', r.relforcerowsecurity),
    ('security_barrier', '', coalesce(r.reloptions::text ~* 'security_barrier=(t|y|on|1)', false)),
    ('security_invoker', '', coalesce(r.reloptions::text ~* 'security_invoker=(t|y|on|1)', false)),
    ('CHECK OPTION', coalesce(substring(r.reloptions::text FROM 'check_option=(\w+)'), ''),
     coalesce(r.reloptions::text ~ 'check_option=', false)),
    ('its foreign keys are enforced (their triggers are on)', '',
     r.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = r.oid AND tgisinternal AND tgenabled = 'D'))
) AS has (what, how, is_so)
WHERE has.is_so
UNION ALL
SELECT 'publication', r.oid, format('%s: publication %s', r.name, p.pubname),
       concat_ws(' ', (SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
                       WHERE attrelid = r.oid AND attnum = ANY (pr.prattrs::int2[])), pg_get_expr(pr.prqual, pr.prrelid))
FROM pg_publication_rel pr
JOIN pg_publication p ON p.oid = pr.prpubid
JOIN relations r ON r.oid = pr.prrelid
UNION ALL
SELECT 'publication', 0, p.pubname, concat_ws(
           ', ', CASE WHEN p.puballtables THEN 'all tables' END, CASE WHEN p.pubinsert THEN 'insert' END,
           CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END,
           CASE WHEN p.pubtruncate THEN 'truncate' END, CASE WHEN p.pubviaroot THEN 'via root' END)
FROM pg_publication p
UNION ALL
SELECT 'publication', r.oid, format('%s: replica identity', r.name), concat_ws(
           ' ', r.relreplident, (SELECT i.indexrelid::regclass FROM pg_index i WHERE i.indrelid = r.oid AND i.indisreplident))
FROM relations r
WHERE r.relreplident <> 'd' AND r.relkind IN ('r', 'p')
UNION ALL
SELECT 'statistics', s.stxrelid, format('%s.%s', n.nspname, s.stxname), pg_get_statisticsobjdef(s.oid)
FROM pg_statistic_ext s
JOIN schemas n ON n.oid = s.stxnamespace
UNION ALL
SELECT 'event trigger', 0, e.evtname, format('on %s when %s do %s %s', e.evtevent, e.evttags, e.evtfoid::regprocedure, e.evtenabled)
FROM pg_event_trigger e
UNION ALL
SELECT 'object', 0, format('%s %s', o.type, o.identity), ''
FROM (
    SELECT 'pg_cast'::regclass AS class, oid FROM pg_cast WHERE oid >= 16384
    UNION ALL
    SELECT 'pg_extension'::regclass, oid FROM pg_extension
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid FROM schemas
    UNION ALL
    SELECT 'pg_operator'::regclass, p.oid FROM pg_operator p JOIN schemas s ON s.oid = p.oprnamespace
    UNION ALL
    SELECT 'pg_collation'::regclass, p.oid FROM pg_collation p JOIN schemas s ON s.oid = p.collnamespace
    UNION ALL
    SELECT 'pg_ts_config'::regclass, p.oid FROM pg_ts_config p JOIN schemas s ON s.oid = p.cfgnamespace
) AS item
CROSS JOIN LATERAL pg_identify_object(item.class, item.oid, 0) AS o
WHERE (item.class, item.oid) NOT IN (SELECT classid, objid FROM extended)
UNION ALL
SELECT 'owner', 0, item.identity, pg_get_userbyid(item.owner)
FROM (
    SELECT format('%s.%s(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS identity, p.proowner AS owner
    FROM pg_proc p
    JOIN schemas s ON s.oid = p.pronamespace
    WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM extended)
    UNION ALL
    SELECT 'schema ' || n.nspname, n.nspowner FROM pg_namespace n JOIN schemas s ON s.oid = n.oid
    UNION ALL
    SELECT 'type ' || t.name, t.typowner FROM types t
    UNION ALL
    SELECT format('sequence %s.%s', s.nspname, c.relname), c.relowner
    FROM pg_class c
    JOIN schemas s ON s.oid = c.relnamespace
    WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e'))
) AS item
UNION ALL
SELECT 'grant', 0, format('%s on future %s%s to %s', g.privilege_type,
              CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                                   WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'objects' END
              || ' of ' || pg_get_userbyid(d.defaclrole),
              coalesce(' in ' || (SELECT nspname FROM schemas WHERE oid = d.defaclnamespace), ''),
              coalesce(pg_get_userbyid(nullif(g.grantee, 0)), 'public')), ''
FROM pg_default_acl d, aclexplode(d.defaclacl) g
WHERE g.grantee <> d.defaclrole
ORDER BY 1, 3
