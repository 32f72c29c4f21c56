-- A page of the list of job works: newest first.
SELECT id, job_ref_id, customer_id, customer_name, customer_short_name, customer_contact, product_id, product_name,
    product_sku, product_category, product_unit, pieces, size, final_price, currency, receiver_engineer_name,
    assigned_by_name, status, priority, due_date, created_at
FROM job_works_with_details
WHERE tenant_id = :tenant_id
ORDER BY created_at DESC, id
LIMIT 50 OFFSET :start
