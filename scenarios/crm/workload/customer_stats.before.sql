-- A page of customers with their figures, which the application asked for in so many words before there was a view.
SELECT c.id, c.company_name, c.contact_name, c.email, c.phone, c.status,
    (SELECT count(*) FROM sales s WHERE s.customer_id = c.id) AS sales_count,
    (SELECT coalesce(sum(s.amount), 0) FROM sales s WHERE s.customer_id = c.id) AS sales_value,
    (SELECT max(s.created_at) FROM sales s WHERE s.customer_id = c.id) AS last_sale_at,
    (SELECT count(*) FROM tickets t WHERE t.customer_id = c.id AND t.status <> 'closed') AS open_tickets,
    (SELECT count(*) FROM contracts k WHERE k.customer_id = c.id AND k.status = 'active') AS active_contracts
FROM customers c
WHERE c.tenant_id = :tenant_id
ORDER BY c.company_name, c.id
LIMIT 50
