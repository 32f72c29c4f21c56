-- The 20 customers of a tenant that bought most.
SELECT customer_id, customer_name, count(*) AS sales, sum(amount) AS total
FROM sales
WHERE tenant_id = :tenant_id
GROUP BY customer_id, customer_name
ORDER BY sum(amount) DESC, customer_id, customer_name
LIMIT 20
