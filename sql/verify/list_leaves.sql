-- The tables that hold the rows of the named relations: themselves, their partitions, what inherits from them.
WITH RECURSIVE family AS (
    SELECT name::regclass::oid AS oid FROM unnest($1::text[]) AS given (name)
    UNION
    SELECT i.inhrelid FROM family JOIN pg_inherits i ON i.inhparent = family.oid
)
SELECT c.oid,
       format('%I.%I', n.nspname, c.relname) AS name,
       pg_relation_filenode(c.oid)::bigint AS filenode,
       c.relkind IN ('r', 'm') AS is_heap,
       NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS is_alone
FROM family
JOIN pg_class c ON c.oid = family.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'f')
ORDER BY c.oid
