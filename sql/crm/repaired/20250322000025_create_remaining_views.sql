-- Views of service contracts and complaints, and the two that the runbook lacks: products and ticket attachments. All
-- run with the reader's rights. Ours: the runbook's migration done right.

CREATE VIEW service_contracts_with_details WITH (security_invoker = true) AS
SELECT
    sc.id, sc.contract_number, sc.title,
    sc.customer_id, coalesce(c.company_name, kept.customer_name) AS customer_name,
    sc.product_id, coalesce(p.name, kept.product_name) AS product_name,
    sc.service_type, sc.status, sc.priority, sc.value, sc.currency,
    sc.start_date, sc.end_date, sc.auto_renew, sc.renewal_period_months, sc.sla_terms, sc.service_scope,
    sc.tenant_id, sc.created_at, sc.updated_at, sc.created_by, sc.deleted_at
FROM service_contracts sc
LEFT JOIN customers c ON c.id = sc.customer_id
LEFT JOIN products p ON p.id = sc.product_id
LEFT JOIN service_contracts_copies kept ON kept.id = sc.id;

CREATE VIEW complaints_with_details WITH (security_invoker = true) AS
SELECT
    co.id, co.complaint_number, co.title, co.description,
    co.customer_id, coalesce(c.company_name, kept.customer_name) AS customer_name,
    co.category, co.priority, co.status, co.assigned_to, co.resolution, co.resolved_at,
    co.tenant_id, co.created_at, co.updated_at, co.deleted_at
FROM complaints co
LEFT JOIN customers c ON c.id = co.customer_id
LEFT JOIN complaints_copies kept ON kept.id = co.id;

-- A supplier never had a live name before the migration, so a product's own spelling comes before the one that won.
CREATE VIEW products_with_details WITH (security_invoker = true) AS
SELECT
    p.id, p.name, p.description, p.category_id, coalesce(pc.name, kept.category) AS category,
    p.brand, p.type, p.sku, p.price, p.cost_price, p.currency,
    p.status, coalesce(p.status = 'active', kept.is_active) AS is_active, p.is_service, p.stock_quantity, p.unit,
    p.supplier_id, coalesce(kept.supplier_name, s.name) AS supplier_name,
    p.warranty_period_months, p.tags, p.tenant_id, p.created_at, p.updated_at, p.deleted_at
FROM products p
LEFT JOIN product_categories pc ON pc.id = p.category_id
LEFT JOIN suppliers s ON s.id = p.supplier_id
LEFT JOIN products_copies kept ON kept.id = p.id;

CREATE VIEW ticket_attachments_with_details WITH (security_invoker = true) AS
SELECT
    ta.id, ta.ticket_id, ta.filename, ta.file_url, ta.content_type, ta.file_size,
    ta.uploaded_by, coalesce(u.name, kept.uploaded_by_name) AS uploaded_by_name, ta.created_at
FROM ticket_attachments ta
LEFT JOIN users u ON u.id = ta.uploaded_by
LEFT JOIN ticket_attachments_copies kept ON kept.id = ta.id;
