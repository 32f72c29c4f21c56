-- Bodies of functions written in SQL or PL/pgSQL, with what it takes to call them and the tables whose triggers do.
SELECT p.oid,
       format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS identity,
       format('%I.%I', n.nspname, p.proname) AS name_sql,
       l.lanname AS language,
       p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype AND p.prorettype <> 'event_trigger'::regtype
           AND p.pronargs - p.pronargdefaults = 0 AS callable,
       p.prosrc AS body,
       pg_get_functiondef(p.oid) AS definition,
       ARRAY(SELECT DISTINCT t.tgrelid FROM pg_trigger t WHERE t.tgfoid = p.oid AND NOT t.tgisinternal) AS trigger_tables
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
WHERE l.lanname IN ('sql', 'plpgsql')
  AND p.prokind IN ('f', 'p')
  AND n.nspname NOT IN ('information_schema', 'bench_old')
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  )
ORDER BY 2
