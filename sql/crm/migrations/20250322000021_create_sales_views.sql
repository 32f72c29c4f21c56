-- Views of sales, sale items and product sales with the names that they refer to.
-- Our reconstruction from the runbook's description, not the runbook's words. Columns are listed one by one: s.* would
-- pin the copies that the last but one migration drops.

CREATE VIEW sales_with_details AS
SELECT
    s.id, s.sale_number, s.title, s.description,
    s.customer_id, c.company_name AS customer_name,
    s.value, s.value AS amount, s.currency, s.probability, s.weighted_amount,
    s.stage, s.status, s.source, s.campaign, s.expected_close_date, s.actual_close_date,
    s.assigned_to, u.name AS assigned_to_name,
    s.notes, s.tags, s.tenant_id, s.created_at, s.updated_at, s.created_by, s.deleted_at
FROM sales s
LEFT JOIN customers c ON c.id = s.customer_id
LEFT JOIN users u ON u.id = s.assigned_to;

CREATE VIEW sale_items_with_details AS
SELECT
    i.id, i.sale_id, i.product_id, i.product_name,
    p.sku AS product_sku, p.unit AS product_unit, pc.name AS product_category,
    i.quantity, i.unit_price, i.discount, i.tax, i.line_total, i.created_at
FROM sale_items i
LEFT JOIN products p ON p.id = i.product_id
LEFT JOIN product_categories pc ON pc.id = p.category_id;

CREATE VIEW product_sales_with_details AS
SELECT
    ps.id, ps.customer_id, c.company_name AS customer_name, ps.product_id, p.name AS product_name,
    ps.units, ps.cost_per_unit, ps.total_cost, ps.delivery_date, ps.warranty_expiry, ps.status, ps.notes,
    ps.tenant_id, ps.created_at, ps.updated_at, ps.deleted_at
FROM product_sales ps
LEFT JOIN customers c ON c.id = ps.customer_id
LEFT JOIN products p ON p.id = ps.product_id;
