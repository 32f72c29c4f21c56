-- The tables of the small specification in tests/unit/seed/tiny.py.
CREATE TYPE sale_state AS ENUM ('open', 'done');
CREATE TABLE shop (id uuid NOT NULL, title varchar(40) NOT NULL);
CREATE TABLE person (
    id bigint NOT NULL, shop_id uuid NOT NULL, name varchar(30) NOT NULL, email varchar(44), role text NOT NULL,
    born date, gone timestamptz
);
CREATE TABLE sale (
    id uuid NOT NULL, shop_id uuid NOT NULL, person_id bigint, person_name varchar(40), person_email varchar(44),
    person_role varchar(10), price numeric(8,2) NOT NULL, copied_price numeric(8,2), state sale_state NOT NULL,
    done_at timestamp, made_at timestamptz, note text, tags text[], is_open boolean, lines smallint
);
CREATE TABLE line (id uuid, sale_id uuid, before_id uuid, person_id bigint, person_name text, sold_at timestamptz)
    PARTITION BY HASH (id);
CREATE TABLE line_even PARTITION OF line FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE line_odd PARTITION OF line FOR VALUES WITH (MODULUS 2, REMAINDER 1);
