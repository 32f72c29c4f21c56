-- A customer gets another name: one row.
UPDATE customers SET company_name = :new_name::text || ' ' || :op::bigint WHERE id = :customer_id;
