-- The steps after the load that are done.
SELECT name FROM bench_seed.step
