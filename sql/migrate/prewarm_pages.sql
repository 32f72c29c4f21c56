-- Reads ranges of pages: of each relation ($1, oids) those from $2 to $3, in the way $4.
SELECT sum(pg_prewarm(range.relation::oid::regclass, $4, 'main', range.first, range.last))
FROM unnest($1::int8[], $2::int8[], $3::int8[]) AS range (relation, first, last)
