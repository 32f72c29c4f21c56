-- A search in the list of sales by a part of the customer's name: newest first.
SELECT id, sale_number, title, customer_id, customer_name, amount, currency, stage, status, assigned_to_name, created_at
FROM sales
WHERE tenant_id = :tenant_id AND customer_name ILIKE '%' || :word || '%'
ORDER BY created_at DESC, id
LIMIT 50
