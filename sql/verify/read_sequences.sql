-- Where each sequence stands, so that it can be set back: a rollback does not.
SELECT format('%I.%I', schemaname, sequencename) AS name, coalesce(last_value, start_value) AS value,
       last_value IS NOT NULL AS is_called
FROM pg_sequences
