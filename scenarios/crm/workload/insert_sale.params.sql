-- The customer, assignee and value of a dozen of the sales there are, so that busy customers come up as often as they do.
SELECT DISTINCT ON (part)
    s.tenant_id, s.customer_id, c.company_name AS customer_name, s.assigned_to, u.name AS assigned_to_name, s.value
FROM (
    SELECT *, ntile(12) OVER (ORDER BY id) AS part FROM sales WHERE assigned_to IS NOT NULL
) s
JOIN customers c ON c.id = s.customer_id
JOIN users u ON u.id = s.assigned_to
ORDER BY part, s.id
