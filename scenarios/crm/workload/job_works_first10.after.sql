-- The runbook's own query, the first 10 job works, with an order so that it has one answer.
SELECT id, job_ref_id, customer_name, customer_short_name, customer_contact, customer_email, customer_phone,
    product_name, product_sku, product_category, product_unit, receiver_engineer_name, receiver_engineer_email,
    assigned_by_name, pieces, size, final_price, currency, status, priority, due_date, created_at
FROM job_works_with_details
ORDER BY id
LIMIT 10
