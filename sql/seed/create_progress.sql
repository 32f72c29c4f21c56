-- What a killed seeding needs to go on: which seeding it is, which blocks and which steps are done.
CREATE SCHEMA bench_seed;
CREATE TABLE bench_seed.seeding (fingerprint text NOT NULL);
CREATE TABLE bench_seed.chunk (table_name text NOT NULL, first_block bigint NOT NULL, blocks bigint NOT NULL);
CREATE TABLE bench_seed.step (name text NOT NULL)
