-- A page of the list of contracts: newest first.
SELECT id, contract_number, title, type, status, customer_id, customer_name, customer_contact, total_value, currency,
    start_date, end_date, assigned_to, assigned_to_name, priority, created_at
FROM contracts_with_details
WHERE tenant_id = :tenant_id
ORDER BY created_at DESC, id
LIMIT 50 OFFSET :start
