-- What a name means on this connection, in words where it is nothing that can be compared.
SELECT c.oid,
       CASE
           WHEN c.relkind = 'i' OR c.relkind = 'I' THEN 'an index'
           WHEN c.relkind = 'S' THEN 'a sequence'
           WHEN c.relkind = 'c' THEN 'a type'
           WHEN n.nspname ~ '^pg_temp' THEN 'a temporary table'
           WHEN n.nspname ~ '^pg_' OR n.nspname = 'information_schema' THEN 'part of the system catalogue'
           ELSE 'part of an extension'
       END AS kind
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1)
