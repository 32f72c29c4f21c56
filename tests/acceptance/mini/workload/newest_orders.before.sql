SELECT id, customer_name, amount FROM orders ORDER BY created_at DESC, id LIMIT 20
