-- What makes the values of views ($1) depend on when, by whom or with which settings they are read: volatile functions,
-- stable ones of the user's or about instants with a time zone, CURRENT_DATE and its kin. The rule's tree holds them by number.
WITH rules AS (
    SELECT ev_class AS view, ev_action::text AS tree FROM pg_rewrite WHERE ev_class = ANY ($1::oid[])
),
called AS (
    SELECT rules.view, p.proname || '()' AS name
    FROM rules
    CROSS JOIN LATERAL regexp_matches(tree, ':(?:funcid|opfuncid) (\d+)', 'g') AS found
    JOIN pg_proc p ON p.oid = found[1]::oid
    WHERE p.provolatile = 'v'
       OR p.provolatile = 's' AND (
           p.pronamespace <> 'pg_catalog'::regnamespace
           OR p.proname = 'current_setting'
           OR p.prorettype IN ('timestamptz'::regtype, 'timetz'::regtype)
           OR 'timestamptz'::regtype::oid = ANY (p.proargtypes::oid[])
           OR 'timetz'::regtype::oid = ANY (p.proargtypes::oid[])
       )
    UNION
    SELECT rules.view,
           (ARRAY['CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIME', 'CURRENT_TIMESTAMP', 'CURRENT_TIMESTAMP', 'LOCALTIME',
                  'LOCALTIME', 'LOCALTIMESTAMP', 'LOCALTIMESTAMP', 'CURRENT_ROLE', 'CURRENT_USER', 'USER', 'SESSION_USER',
                  'CURRENT_CATALOG', 'CURRENT_SCHEMA'])[found[1]::int + 1]
    FROM rules
    CROSS JOIN LATERAL regexp_matches(tree, '\{SQLVALUEFUNCTION :op (\d+)', 'g') AS found
)
SELECT view, array_agg(DISTINCT name ORDER BY name) AS names FROM called GROUP BY view
