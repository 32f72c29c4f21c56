-- A page of customers with their figures.
SELECT id, company_name, contact_name, email, phone, status,
    sales_count, sales_value, last_sale_at, open_tickets, active_contracts
FROM customers_with_stats
WHERE tenant_id = :tenant_id
ORDER BY company_name, id
LIMIT 50
