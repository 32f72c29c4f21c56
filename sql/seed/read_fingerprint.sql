-- Which seeding began in this database (no row: it was killed before its tables were there).
SELECT fingerprint FROM bench_seed.seeding
