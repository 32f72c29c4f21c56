-- A new sale, with the copies of the customer's and the assignee's name; number and id come from the operation's.
INSERT INTO sales (
    id, sale_number, title, customer_id, customer_name, value, amount, currency, probability, stage, status, source,
    expected_close_date, assigned_to, assigned_to_name, tenant_id, created_at, updated_at
)
VALUES (
    md5('insert_sale ' || :op::bigint)::uuid, 'S-' || :op::bigint, 'New sale ' || :op::bigint,
    :customer_id, :customer_name, :value::numeric(12,2), :value::numeric(12,2), 'USD', 50, 'lead', 'open', 'website',
    '2026-06-30', :assigned_to, :assigned_to_name, :tenant_id,
    timestamptz '2026-01-01 00:00:00+00' + :op::bigint * interval '1 second',
    timestamptz '2026-01-01 00:00:00+00' + :op::bigint * interval '1 second'
)
RETURNING id
