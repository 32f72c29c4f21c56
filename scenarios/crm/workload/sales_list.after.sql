-- A page of the list of sales: newest first.
SELECT id, sale_number, title, customer_id, customer_name, amount, currency, stage, status, expected_close_date,
    assigned_to, assigned_to_name, created_at
FROM sales_with_details
WHERE tenant_id = :tenant_id
ORDER BY created_at DESC, id
LIMIT 50 OFFSET :start
