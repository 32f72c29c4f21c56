-- Views of job works and of their specifications, run with the reader's rights. Ours: the runbook's migration done
-- right.

CREATE VIEW job_works_with_details WITH (security_invoker = true) AS
SELECT
    j.id, j.job_ref_id,
    j.customer_id, coalesce(c.company_name, kept.customer_name) AS customer_name,
    coalesce(c.short_name, kept.customer_short_name) AS customer_short_name,
    coalesce(c.contact_name, kept.customer_contact) AS customer_contact,
    coalesce(c.email, kept.customer_email) AS customer_email, coalesce(c.phone, kept.customer_phone) AS customer_phone,
    j.product_id, coalesce(p.name, kept.product_name) AS product_name, coalesce(p.sku, kept.product_sku) AS product_sku,
    coalesce(pc.name, kept.product_category) AS product_category, coalesce(p.unit, kept.product_unit) AS product_unit,
    j.pieces, j.size, j.base_price, j.default_price, j.manual_price, j.final_price, j.currency,
    j.receiver_engineer_id, coalesce(e.name, kept.receiver_engineer_name) AS receiver_engineer_name,
    coalesce(e.email, kept.receiver_engineer_email) AS receiver_engineer_email,
    j.assigned_by, coalesce(b.name, kept.assigned_by_name) AS assigned_by_name,
    j.status, j.priority, j.due_date, j.started_at, j.completed_at, j.delivered_at, j.estimated_completion,
    j.comments, j.internal_notes, j.delivery_address,
    j.quality_check_passed, j.quality_notes, j.compliance_requirements,
    j.tenant_id, j.created_at, j.updated_at, j.created_by, j.deleted_at
FROM job_works j
LEFT JOIN customers c ON c.id = j.customer_id
LEFT JOIN products p ON p.id = j.product_id
LEFT JOIN product_categories pc ON pc.id = p.category_id
LEFT JOIN users e ON e.id = j.receiver_engineer_id
LEFT JOIN users b ON b.id = j.assigned_by
LEFT JOIN job_works_copies kept ON kept.id = j.id;

CREATE VIEW job_work_specifications_with_details WITH (security_invoker = true) AS
SELECT
    js.id, js.job_work_id, j.job_ref_id, j.status AS job_work_status,
    js.name, js.value, js.unit, js.required, js.created_at
FROM job_work_specifications js
LEFT JOIN job_works j ON j.id = js.job_work_id;
