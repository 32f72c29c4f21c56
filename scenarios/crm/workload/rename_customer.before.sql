-- A customer gets another name: the customer and every copy of its name, in one transaction.
UPDATE customers SET company_name = :new_name::text || ' ' || :op::bigint WHERE id = :customer_id;
UPDATE sales SET customer_name = :new_name::text || ' ' || :op::bigint WHERE customer_id = :customer_id;
UPDATE product_sales SET customer_name = :new_name::text || ' ' || :op::bigint WHERE customer_id = :customer_id;
UPDATE tickets SET customer_name = :new_name::text || ' ' || :op::bigint WHERE customer_id = :customer_id;
UPDATE contracts SET customer_name = :new_name::text || ' ' || :op::bigint WHERE customer_id = :customer_id;
UPDATE service_contracts SET customer_name = :new_name::text || ' ' || :op::bigint WHERE customer_id = :customer_id;
UPDATE job_works SET customer_name = :new_name::text || ' ' || :op::bigint WHERE customer_id = :customer_id;
UPDATE complaints SET customer_name = :new_name::text || ' ' || :op::bigint WHERE customer_id = :customer_id;
