-- Keeps every copy that no join will rebuild once its column is gone. Ours; the runbook has nothing of the kind.
-- Kept is a copy whose parent is missing (NULL or dangling key) or belongs to another tenant (row level security hides
-- it from the reader), a spelling of a supplier's name that lost, and, for whoever reconciles the books, an amount or
-- an is_active that contradicts what it was a copy of. A copy that is merely older than its live source is not kept.
-- Nothing may write to these tables between this file and the next.

INSERT INTO products_copies
SELECT kept.*
FROM (
    SELECT
        p.id,
        CASE WHEN pc.id IS NULL THEN p.category END AS category,
        CASE WHEN p.is_active IS DISTINCT FROM (p.status = 'active') THEN p.is_active END AS is_active,
        CASE WHEN p.supplier_name IS DISTINCT FROM s.name THEN p.supplier_name END AS supplier_name
    FROM products p
    LEFT JOIN product_categories pc ON pc.id = p.category_id AND pc.tenant_id = p.tenant_id
    LEFT JOIN suppliers s ON s.id = p.supplier_id AND s.tenant_id = p.tenant_id
) kept
WHERE num_nonnulls(category, is_active, supplier_name) > 0;

INSERT INTO sales_copies
SELECT kept.*
FROM (
    SELECT
        s.id,
        CASE WHEN c.id IS NULL THEN s.customer_name END AS customer_name,
        CASE WHEN u.id IS NULL THEN s.assigned_to_name END AS assigned_to_name,
        CASE WHEN s.amount <> s.value THEN s.amount END AS amount
    FROM sales s
    LEFT JOIN customers c ON c.id = s.customer_id AND c.tenant_id = s.tenant_id
    LEFT JOIN users u ON u.id = s.assigned_to AND u.tenant_id = s.tenant_id
) kept
WHERE num_nonnulls(customer_name, assigned_to_name, amount) > 0;

INSERT INTO tickets_copies
SELECT kept.*
FROM (
    SELECT
        t.id,
        CASE WHEN c.id IS NULL THEN t.customer_name END AS customer_name,
        CASE WHEN c.id IS NULL THEN t.customer_email END AS customer_email,
        CASE WHEN c.id IS NULL THEN t.customer_phone END AS customer_phone,
        CASE WHEN a.id IS NULL THEN t.assigned_to_name END AS assigned_to_name,
        CASE WHEN r.id IS NULL THEN t.reported_by_name END AS reported_by_name
    FROM tickets t
    LEFT JOIN customers c ON c.id = t.customer_id AND c.tenant_id = t.tenant_id
    LEFT JOIN users a ON a.id = t.assigned_to AND a.tenant_id = t.tenant_id
    LEFT JOIN users r ON r.id = t.reported_by AND r.tenant_id = t.tenant_id
) kept
WHERE num_nonnulls(customer_name, customer_email, customer_phone, assigned_to_name, reported_by_name) > 0;

INSERT INTO ticket_comments_copies
SELECT kept.*
FROM (
    SELECT
        tc.id,
        CASE WHEN u.id IS NULL THEN tc.author_name END AS author_name,
        CASE WHEN u.id IS NULL THEN tc.author_role END AS author_role
    FROM ticket_comments tc
    JOIN tickets t ON t.id = tc.ticket_id
    LEFT JOIN users u ON u.id = tc.author_id AND u.tenant_id = t.tenant_id
) kept
WHERE num_nonnulls(author_name, author_role) > 0;

INSERT INTO ticket_attachments_copies
SELECT kept.*
FROM (
    SELECT ta.id, CASE WHEN u.id IS NULL THEN ta.uploaded_by_name END AS uploaded_by_name
    FROM ticket_attachments ta
    JOIN tickets t ON t.id = ta.ticket_id
    LEFT JOIN users u ON u.id = ta.uploaded_by AND u.tenant_id = t.tenant_id
) kept
WHERE uploaded_by_name IS NOT NULL;

INSERT INTO contracts_copies
SELECT kept.*
FROM (
    SELECT
        k.id,
        CASE WHEN c.id IS NULL THEN k.customer_name END AS customer_name,
        CASE WHEN c.id IS NULL THEN k.customer_contact END AS customer_contact,
        CASE WHEN u.id IS NULL THEN k.assigned_to_name END AS assigned_to_name,
        CASE WHEN k.total_value <> k.value THEN k.total_value END AS total_value
    FROM contracts k
    LEFT JOIN customers c ON c.id = k.customer_id AND c.tenant_id = k.tenant_id
    LEFT JOIN users u ON u.id = k.assigned_to AND u.tenant_id = k.tenant_id
) kept
WHERE num_nonnulls(customer_name, customer_contact, assigned_to_name, total_value) > 0;

INSERT INTO contract_approval_records_copies
SELECT kept.*
FROM (
    SELECT r.id, CASE WHEN u.id IS NULL THEN r.approver_name END AS approver_name
    FROM contract_approval_records r
    JOIN contracts k ON k.id = r.contract_id
    LEFT JOIN users u ON u.id = r.approver_id AND u.tenant_id = k.tenant_id
) kept
WHERE approver_name IS NOT NULL;

INSERT INTO product_sales_copies
SELECT kept.*
FROM (
    SELECT
        ps.id,
        CASE WHEN c.id IS NULL THEN ps.customer_name END AS customer_name,
        CASE WHEN p.id IS NULL THEN ps.product_name END AS product_name
    FROM product_sales ps
    LEFT JOIN customers c ON c.id = ps.customer_id AND c.tenant_id = ps.tenant_id
    LEFT JOIN products p ON p.id = ps.product_id AND p.tenant_id = ps.tenant_id
) kept
WHERE num_nonnulls(customer_name, product_name) > 0;

INSERT INTO service_contracts_copies
SELECT kept.*
FROM (
    SELECT
        sc.id,
        CASE WHEN c.id IS NULL THEN sc.customer_name END AS customer_name,
        CASE WHEN p.id IS NULL THEN sc.product_name END AS product_name
    FROM service_contracts sc
    LEFT JOIN customers c ON c.id = sc.customer_id AND c.tenant_id = sc.tenant_id
    LEFT JOIN products p ON p.id = sc.product_id AND p.tenant_id = sc.tenant_id
) kept
WHERE num_nonnulls(customer_name, product_name) > 0;

INSERT INTO job_works_copies
SELECT kept.*
FROM (
    SELECT
        j.id,
        CASE WHEN c.id IS NULL THEN j.customer_name END AS customer_name,
        CASE WHEN c.id IS NULL THEN j.customer_short_name END AS customer_short_name,
        CASE WHEN c.id IS NULL THEN j.customer_contact END AS customer_contact,
        CASE WHEN c.id IS NULL THEN j.customer_email END AS customer_email,
        CASE WHEN c.id IS NULL THEN j.customer_phone END AS customer_phone,
        CASE WHEN p.id IS NULL THEN j.product_name END AS product_name,
        CASE WHEN p.id IS NULL THEN j.product_sku END AS product_sku,
        CASE WHEN pc.id IS NULL THEN j.product_category END AS product_category,
        CASE WHEN p.id IS NULL THEN j.product_unit END AS product_unit,
        CASE WHEN e.id IS NULL THEN j.receiver_engineer_name END AS receiver_engineer_name,
        CASE WHEN e.id IS NULL THEN j.receiver_engineer_email END AS receiver_engineer_email,
        CASE WHEN b.id IS NULL THEN j.assigned_by_name END AS assigned_by_name
    FROM job_works j
    LEFT JOIN customers c ON c.id = j.customer_id AND c.tenant_id = j.tenant_id
    LEFT JOIN products p ON p.id = j.product_id AND p.tenant_id = j.tenant_id
    LEFT JOIN product_categories pc ON pc.id = p.category_id AND pc.tenant_id = j.tenant_id
    LEFT JOIN users e ON e.id = j.receiver_engineer_id AND e.tenant_id = j.tenant_id
    LEFT JOIN users b ON b.id = j.assigned_by AND b.tenant_id = j.tenant_id
) kept
WHERE num_nonnulls(
    customer_name, customer_short_name, customer_contact, customer_email, customer_phone, product_name, product_sku,
    product_category, product_unit, receiver_engineer_name, receiver_engineer_email, assigned_by_name
) > 0;

INSERT INTO complaints_copies
SELECT kept.*
FROM (
    SELECT co.id, CASE WHEN c.id IS NULL THEN co.customer_name END AS customer_name
    FROM complaints co
    LEFT JOIN customers c ON c.id = co.customer_id AND c.tenant_id = co.tenant_id
) kept
WHERE customer_name IS NOT NULL;
