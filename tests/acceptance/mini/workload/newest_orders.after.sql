SELECT id, customer_name, amount FROM orders_with_customer ORDER BY created_at DESC, id LIMIT 20
