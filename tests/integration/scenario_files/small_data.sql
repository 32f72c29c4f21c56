-- A few dozen rows of every table of the CRM, with copies that equal their sources; ids are md5 of the table and number.

INSERT INTO tenants (id, name) SELECT md5('tenant' || n)::uuid, 'Tenant ' || n FROM generate_series(1, 3) n;

INSERT INTO users (id, email, name, role, tenant_id)
SELECT md5('user' || n)::uuid, 'user' || n || '@example.com', 'User ' || n,
    (enum_range(NULL::user_role))[1 + n % 6], md5('tenant' || 1 + n % 3)::uuid
FROM generate_series(1, 12) n;

INSERT INTO customers (id, company_name, short_name, contact_name, email, phone, assigned_to, tenant_id)
SELECT md5('customer' || n)::uuid, 'Company ' || n, 'C' || n, 'Contact ' || n,
    CASE WHEN n % 5 > 0 THEN 'c' || n || '@example.com' END, CASE WHEN n % 7 > 0 THEN '+49 30 ' || n END,
    md5('user' || n % 12 + 1)::uuid, md5('tenant' || 1 + n % 3)::uuid
FROM generate_series(1, 30) n;

INSERT INTO product_categories (id, name, tenant_id)
SELECT md5('category' || n)::uuid, 'Category ' || n, md5('tenant' || 1 + n % 3)::uuid FROM generate_series(1, 6) n;

INSERT INTO products (id, name, category_id, category, sku, price, status, is_active, unit, supplier_id, supplier_name, tenant_id)
SELECT md5('product' || n)::uuid, 'Product ' || n, c.id, c.name, 'SKU-' || n, n,
    s.status, s.status = 'active', CASE WHEN n % 4 > 0 THEN 'pcs' END,
    CASE WHEN n % 3 > 0 THEN md5('supplier' || n % 3)::uuid END, CASE WHEN n % 3 > 0 THEN 'Supplier ' || n % 3 END,
    md5('tenant' || 1 + n % 3)::uuid
FROM generate_series(1, 18) n
JOIN product_categories c ON c.id = md5('category' || 1 + (n - 1) % 6)::uuid
CROSS JOIN LATERAL (SELECT (enum_range(NULL::product_status))[1 + n % 3] AS status) s;

INSERT INTO sales (id, title, customer_id, customer_name, value, amount, status, assigned_to, assigned_to_name, tenant_id, created_at)
SELECT md5('sale' || n)::uuid, 'Sale ' || n, c.id, c.company_name, n * 1.5, n * 1.5,
    (enum_range(NULL::sale_status))[1 + n % 4], u.id, u.name, c.tenant_id, timestamptz '2025-01-01Z' + n * interval '1 hour'
FROM generate_series(1, 90) n
JOIN customers c ON c.id = md5('customer' || 1 + n % 30)::uuid
LEFT JOIN users u ON u.id = md5('user' || n % 13)::uuid;

INSERT INTO sale_items (id, sale_id, product_id, product_name, quantity, unit_price, line_total)
SELECT md5('item' || n)::uuid, md5('sale' || 1 + n % 90)::uuid, p.id, p.name, 2, n, 2 * n
FROM generate_series(1, 120) n JOIN products p ON p.id = md5('product' || 1 + n % 18)::uuid;

INSERT INTO product_sales (
    id, customer_id, customer_name, product_id, product_name, units, total_cost, delivery_date, warranty_expiry, tenant_id
)
SELECT md5('product_sale' || n)::uuid, c.id, c.company_name, p.id, p.name, 1, n, '2025-01-01', '2027-01-01', c.tenant_id
FROM generate_series(1, 40) n
JOIN customers c ON c.id = md5('customer' || 1 + n % 30)::uuid
JOIN products p ON p.id = md5('product' || 1 + n % 18)::uuid;

INSERT INTO tickets (
    id, title, description, customer_id, customer_name, customer_email, customer_phone,
    assigned_to, assigned_to_name, reported_by, reported_by_name, tenant_id, created_at
)
SELECT md5('ticket' || n)::uuid, 'Ticket ' || n, 'Description ' || n, c.id, c.company_name, c.email, c.phone,
    a.id, a.name, r.id, r.name, coalesce(c.tenant_id, md5('tenant1')::uuid), timestamptz '2025-01-01Z' + n * interval '1 hour'
FROM generate_series(1, 60) n
LEFT JOIN customers c ON c.id = md5('customer' || n % 31)::uuid
LEFT JOIN users a ON a.id = md5('user' || n % 13)::uuid
LEFT JOIN users r ON r.id = md5('user' || n % 7)::uuid;

INSERT INTO ticket_comments (id, ticket_id, content, author_id, author_name, author_role)
SELECT md5('comment' || n)::uuid, md5('ticket' || 1 + n % 60)::uuid, 'Comment ' || n, u.id, u.name, u.role::text
FROM generate_series(1, 120) n LEFT JOIN users u ON u.id = md5('user' || n % 13)::uuid;

INSERT INTO ticket_attachments (id, ticket_id, filename, uploaded_by, uploaded_by_name)
SELECT md5('attachment' || n)::uuid, md5('ticket' || 1 + n % 60)::uuid, n || '.pdf', u.id, u.name
FROM generate_series(1, 40) n LEFT JOIN users u ON u.id = md5('user' || n % 13)::uuid;

INSERT INTO contract_templates (id, name, type, content, tenant_id)
SELECT md5('template' || n)::uuid, 'Template ' || n, 'nda', 'Text', md5('tenant' || n)::uuid FROM generate_series(1, 3) n;

INSERT INTO contracts (
    id, title, type, status, customer_id, customer_name, customer_contact, value, total_value, start_date, end_date,
    template_id, assigned_to, assigned_to_name, tenant_id, created_at
)
SELECT md5('contract' || n)::uuid, 'Contract ' || n, 'custom', 'active', c.id, c.company_name, c.contact_name, n, n,
    '2025-01-01', '2026-01-01', md5('template' || 1 + n % 3)::uuid, u.id, u.name, c.tenant_id,
    timestamptz '2025-01-01Z' + n * interval '1 hour'
FROM generate_series(1, 40) n
JOIN customers c ON c.id = md5('customer' || 1 + n % 30)::uuid
LEFT JOIN users u ON u.id = md5('user' || n % 13)::uuid;

INSERT INTO contract_approval_records (id, contract_id, stage, approver_id, approver_name)
SELECT md5('approval' || n)::uuid, md5('contract' || 1 + n % 40)::uuid, 'legal', u.id, u.name
FROM generate_series(1, 40) n LEFT JOIN users u ON u.id = md5('user' || n % 13)::uuid;

INSERT INTO service_contracts (
    id, contract_number, title, customer_id, customer_name, product_id, product_name, start_date, end_date, tenant_id
)
SELECT md5('service' || n)::uuid, 'SC-' || n, 'Service ' || n, c.id, c.company_name, p.id, p.name,
    '2025-01-01', date '2026-01-01' + n, c.tenant_id
FROM generate_series(1, 30) n
JOIN customers c ON c.id = md5('customer' || n)::uuid
LEFT JOIN products p ON p.id = md5('product' || n % 19)::uuid;

INSERT INTO job_works (
    id, job_ref_id, customer_id, customer_name, customer_short_name, customer_contact, customer_email, customer_phone,
    product_id, product_name, product_sku, product_category, product_unit, pieces, size,
    receiver_engineer_id, receiver_engineer_name, receiver_engineer_email, assigned_by, assigned_by_name, tenant_id, created_at
)
SELECT md5('job' || n)::uuid, 'JW-' || n, c.id, c.company_name, c.short_name, c.contact_name, c.email, c.phone,
    p.id, p.name, p.sku, p.category, p.unit, n, 'M', e.id, e.name, e.email, b.id, b.name, c.tenant_id,
    timestamptz '2025-01-01Z' + n * interval '1 hour'
FROM generate_series(1, 60) n
JOIN customers c ON c.id = md5('customer' || 1 + n % 30)::uuid
JOIN products p ON p.id = md5('product' || 1 + n % 18)::uuid
LEFT JOIN users e ON e.id = md5('user' || n % 13)::uuid
LEFT JOIN users b ON b.id = md5('user' || n % 7)::uuid;

INSERT INTO job_work_specifications (id, job_work_id, name, value)
SELECT md5('specification' || n)::uuid, md5('job' || 1 + n % 60)::uuid, 'Colour', 'Blue' FROM generate_series(1, 60) n;

INSERT INTO complaints (id, title, description, customer_id, customer_name, tenant_id, created_at)
SELECT md5('complaint' || n)::uuid, 'Complaint ' || n, 'Text', c.id, c.company_name, c.tenant_id,
    timestamptz '2025-01-01Z' + n * interval '1 hour'
FROM generate_series(1, 30) n JOIN customers c ON c.id = md5('customer' || n)::uuid;
