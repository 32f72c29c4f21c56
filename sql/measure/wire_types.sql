-- How values of these types travel: the type's qualified name, the function that gives its binary form ('' if none).
SELECT
    t.oid,
    pg_catalog.quote_ident(tn.nspname) || '.' || pg_catalog.quote_ident(t.typname) AS name,
    COALESCE(pg_catalog.quote_ident(fn.nspname) || '.' || pg_catalog.quote_ident(f.proname), '') AS send,
    t.typreceive <> 0 AS is_receivable
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_proc f ON f.oid = t.typsend
LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
WHERE t.oid = ANY ($1)
