-- The runbook's own query: sales of one status and one assignee, the newest 100.
SELECT id, sale_number, title, customer_id, customer_name, amount, currency, probability, stage, status,
    expected_close_date, assigned_to, assigned_to_name, created_at
FROM sales
WHERE tenant_id = :tenant_id AND status = :status AND assigned_to = :assigned_to
ORDER BY created_at DESC, id
LIMIT 100
