-- The older of the transactions that made these databases: what clones hold of their template is older than it.
SELECT xmin::text FROM pg_database WHERE datname = ANY ($1::text[]) ORDER BY age(xmin) DESC LIMIT 1
