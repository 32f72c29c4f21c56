-- A page of the list of service contracts: those that end first come first.
SELECT id, contract_number, title, customer_id, customer_name, product_id, product_name, service_type, status, value,
    currency, start_date, end_date, auto_renew
FROM service_contracts
WHERE tenant_id = :tenant_id
ORDER BY end_date, id
LIMIT 50 OFFSET :start
