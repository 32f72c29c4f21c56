-- A page of the list of complaints: newest first.
SELECT id, complaint_number, title, customer_id, customer_name, category, priority, status, assigned_to, created_at
FROM complaints_with_details
WHERE tenant_id = :tenant_id
ORDER BY created_at DESC, id
LIMIT 50 OFFSET :start
