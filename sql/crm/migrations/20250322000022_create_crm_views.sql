-- Views of customers with their figures, of tickets and of ticket comments with the names that they refer to.
-- Our reconstruction from the runbook's description, not the runbook's words.

CREATE VIEW customers_with_stats AS
SELECT
    c.id, c.company_name, c.short_name, c.contact_name, c.email, c.phone, c.mobile, c.website,
    c.address, c.city, c.country, c.industry, c.size, c.status, c.customer_type,
    c.credit_limit, c.payment_terms, c.tax_id, c.annual_revenue,
    c.total_sales_amount, c.total_orders, c.average_order_value, c.last_purchase_date,
    c.tags, c.notes, c.assigned_to, c.source, c.rating, c.last_contact_date,
    c.tenant_id, c.created_at, c.updated_at, c.created_by, c.deleted_at,
    (SELECT count(*) FROM sales s WHERE s.customer_id = c.id) AS sales_count,
    (SELECT coalesce(sum(s.value), 0) FROM sales s WHERE s.customer_id = c.id) AS sales_value,
    (SELECT max(s.created_at) FROM sales s WHERE s.customer_id = c.id) AS last_sale_at,
    (SELECT count(*) FROM tickets t WHERE t.customer_id = c.id AND t.status <> 'closed') AS open_tickets,
    (SELECT count(*) FROM contracts k WHERE k.customer_id = c.id AND k.status = 'active') AS active_contracts
FROM customers c;

CREATE VIEW tickets_with_details AS
SELECT
    t.id, t.ticket_number, t.title, t.description,
    t.customer_id, c.company_name AS customer_name, c.email AS customer_email, c.phone AS customer_phone,
    t.status, t.priority, t.category, t.sub_category, t.source,
    t.assigned_to, a.name AS assigned_to_name, t.reported_by, r.name AS reported_by_name,
    t.due_date, t.resolved_at, t.closed_at, t.estimated_hours, t.actual_hours,
    t.first_response_time, t.resolution_time, t.is_sla_breached, t.resolution, t.tags,
    t.tenant_id, t.created_at, t.updated_at, t.deleted_at
FROM tickets t
LEFT JOIN customers c ON c.id = t.customer_id
LEFT JOIN users a ON a.id = t.assigned_to
LEFT JOIN users r ON r.id = t.reported_by;

CREATE VIEW ticket_comments_with_details AS
SELECT
    tc.id, tc.ticket_id, tc.content,
    tc.author_id, u.name AS author_name, u.role AS author_role,
    tc.parent_id, tc.created_at, tc.updated_at
FROM ticket_comments tc
LEFT JOIN users u ON u.id = tc.author_id;
