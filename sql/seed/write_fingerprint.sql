-- The tables are there: from now on this seeding can be resumed.
INSERT INTO bench_seed.seeding (fingerprint) VALUES ($1)
