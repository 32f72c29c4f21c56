-- The seeding has ended: nothing of it but the data stays.
DROP SCHEMA bench_seed CASCADE
