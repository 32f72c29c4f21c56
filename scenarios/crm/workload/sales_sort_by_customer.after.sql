-- A page of the list of sales, sorted by the customer's name.
SELECT id, sale_number, title, customer_id, customer_name, amount, currency, stage, status, assigned_to_name, created_at
FROM sales_with_details
WHERE tenant_id = :tenant_id
ORDER BY customer_name, id
LIMIT 50 OFFSET :start
