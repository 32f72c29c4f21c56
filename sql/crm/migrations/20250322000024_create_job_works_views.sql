-- Views of job works, with all 12 fields that were copies, and of their specifications.
-- Our reconstruction from the runbook's description, not the runbook's words.

CREATE VIEW job_works_with_details AS
SELECT
    j.id, j.job_ref_id,
    j.customer_id, c.company_name AS customer_name, c.short_name AS customer_short_name,
    c.contact_name AS customer_contact, c.email AS customer_email, c.phone AS customer_phone,
    j.product_id, p.name AS product_name, p.sku AS product_sku,
    pc.name AS product_category, p.unit AS product_unit,
    j.pieces, j.size, j.base_price, j.default_price, j.manual_price, j.final_price, j.currency,
    j.receiver_engineer_id, e.name AS receiver_engineer_name, e.email AS receiver_engineer_email,
    j.assigned_by, b.name AS assigned_by_name,
    j.status, j.priority, j.due_date, j.started_at, j.completed_at, j.delivered_at, j.estimated_completion,
    j.comments, j.internal_notes, j.delivery_address,
    j.quality_check_passed, j.quality_notes, j.compliance_requirements,
    j.tenant_id, j.created_at, j.updated_at, j.created_by, j.deleted_at
FROM job_works j
LEFT JOIN customers c ON c.id = j.customer_id
LEFT JOIN products p ON p.id = j.product_id
LEFT JOIN product_categories pc ON pc.id = p.category_id
LEFT JOIN users e ON e.id = j.receiver_engineer_id
LEFT JOIN users b ON b.id = j.assigned_by;

CREATE VIEW job_work_specifications_with_details AS
SELECT
    js.id, js.job_work_id, j.job_ref_id, j.status AS job_work_status,
    js.name, js.value, js.unit, js.required, js.created_at
FROM job_work_specifications js
LEFT JOIN job_works j ON j.id = js.job_work_id;
