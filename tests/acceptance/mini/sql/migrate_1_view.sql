-- The name comes from the customer.
CREATE VIEW orders_with_customer AS
SELECT orders.id, orders.customer_id, customers.name AS customer_name, orders.amount, orders.created_at
FROM orders
LEFT JOIN customers ON customers.id = orders.customer_id;
