-- The runbook's 100K rows of job works with all 12 fields; all there are at a smaller scale.
SELECT id, job_ref_id, customer_name, customer_short_name, customer_contact, customer_email, customer_phone,
    product_name, product_sku, product_category, product_unit, receiver_engineer_name, receiver_engineer_email,
    assigned_by_name, final_price, status, due_date
FROM job_works_with_details
WHERE id <= :last_id
