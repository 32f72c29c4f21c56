-- Notes that a step after the load is done.
INSERT INTO bench_seed.step (name) VALUES ($1)
