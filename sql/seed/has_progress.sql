-- Whether a seeding has begun in this database and not ended.
SELECT to_regclass('bench_seed.seeding') IS NOT NULL
