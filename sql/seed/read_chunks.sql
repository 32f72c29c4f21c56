-- The blocks that are loaded.
SELECT table_name, first_block, blocks FROM bench_seed.chunk
