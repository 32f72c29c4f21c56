-- Views of service contracts and of complaints with the names that they refer to.
-- Our reconstruction from the runbook's description, not the runbook's words.

CREATE VIEW service_contracts_with_details AS
SELECT
    sc.id, sc.contract_number, sc.title,
    sc.customer_id, c.company_name AS customer_name, sc.product_id, p.name AS product_name,
    sc.service_type, sc.status, sc.priority, sc.value, sc.currency,
    sc.start_date, sc.end_date, sc.auto_renew, sc.renewal_period_months, sc.sla_terms, sc.service_scope,
    sc.tenant_id, sc.created_at, sc.updated_at, sc.created_by, sc.deleted_at
FROM service_contracts sc
LEFT JOIN customers c ON c.id = sc.customer_id
LEFT JOIN products p ON p.id = sc.product_id;

CREATE VIEW complaints_with_details AS
SELECT
    co.id, co.complaint_number, co.title, co.description,
    co.customer_id, c.company_name AS customer_name,
    co.category, co.priority, co.status, co.assigned_to, co.resolution, co.resolved_at,
    co.tenant_id, co.created_at, co.updated_at, co.deleted_at
FROM complaints co
LEFT JOIN customers c ON c.id = co.customer_id;
