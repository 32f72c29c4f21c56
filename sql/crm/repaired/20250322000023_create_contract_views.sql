-- Views of contracts and of their approvals, run with the reader's rights. Ours: the runbook's migration done right.

CREATE VIEW contracts_with_details WITH (security_invoker = true) AS
SELECT
    k.id, k.contract_number, k.title, k.description, k.type, k.status,
    k.customer_id, coalesce(c.company_name, kept.customer_name) AS customer_name,
    coalesce(c.contact_name, kept.customer_contact) AS customer_contact,
    k.value, k.value AS total_value, k.currency,
    k.start_date, k.end_date, k.signed_date, k.next_renewal_date, k.auto_renew, k.renewal_period_months,
    k.template_id, ct.name AS template_name, k.content,
    k.assigned_to, coalesce(u.name, kept.assigned_to_name) AS assigned_to_name,
    k.priority, k.compliance_status, k.signature_total_required, k.signature_completed, k.tags, k.notes,
    k.tenant_id, k.created_at, k.updated_at, k.deleted_at
FROM contracts k
LEFT JOIN customers c ON c.id = k.customer_id
LEFT JOIN users u ON u.id = k.assigned_to
LEFT JOIN contract_templates ct ON ct.id = k.template_id
LEFT JOIN contracts_copies kept ON kept.id = k.id;

CREATE VIEW contract_approval_records_with_details WITH (security_invoker = true) AS
SELECT
    r.id, r.contract_id, r.stage, r.approver_id, coalesce(u.name, kept.approver_name) AS approver_name,
    r.status, r.comments, r."timestamp", r.created_at
FROM contract_approval_records r
LEFT JOIN users u ON u.id = r.approver_id
LEFT JOIN contract_approval_records_copies kept ON kept.id = r.id;
