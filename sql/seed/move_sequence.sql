-- Moves sequence $1 behind the value $2, unless its next value lies behind that already; one that is used up stands at its end.
SELECT setval(q.seqrelid::regclass, least(greatest($2::numeric, q.seqmin), q.seqmax)::bigint)
FROM pg_sequence q,
     LATERAL (SELECT coalesce(pg_sequence_last_value(q.seqrelid) + q.seqincrement, q.seqstart) AS value) next
WHERE q.seqrelid = $1
  AND CASE WHEN q.seqincrement > 0 THEN next.value <= $2::numeric ELSE next.value >= $2::numeric END
