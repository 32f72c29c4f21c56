-- Notes, in the transaction that loads them, that these blocks of a table are there.
INSERT INTO bench_seed.chunk (table_name, first_block, blocks) VALUES ($1, $2, $3)
