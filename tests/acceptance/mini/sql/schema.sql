-- Two tables; orders.customer_name is the copy.
CREATE TABLE customers (
    id uuid NOT NULL,
    name varchar(60) NOT NULL
);
CREATE TABLE orders (
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    customer_name varchar(60),
    amount numeric(10, 2) NOT NULL,
    created_at timestamptz NOT NULL
);
