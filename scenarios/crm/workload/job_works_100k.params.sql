-- The id up to which there are 100,000 job works (all of them, where there are fewer), so that neither form has to sort.
SELECT id AS last_id
FROM (SELECT id FROM job_works ORDER BY id LIMIT 100000) first_ids
ORDER BY id DESC
LIMIT 1
