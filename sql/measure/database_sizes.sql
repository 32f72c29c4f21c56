-- Bytes of the whole database as the server counts its files; of the system catalogues within it; of the sequences.
SELECT pg_database_size(current_database()) AS total_bytes,
       (SELECT COALESCE(sum(pg_total_relation_size(c.oid)), 0)::bigint
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm')
          AND NOT c.relisshared
          AND n.nspname IN ('pg_catalog', 'information_schema')) AS catalogue_bytes,
       (SELECT COALESCE(sum(pg_relation_size(c.oid)), 0)::bigint FROM pg_class AS c WHERE c.relkind = 'S') AS sequence_bytes
