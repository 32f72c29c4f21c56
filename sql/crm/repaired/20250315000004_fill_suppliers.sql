-- Suppliers from the only record of them there is: the copies in products. Ours; the runbook creates the table and
-- leaves it empty. The name and the tenant that most products give win; the spellings that lose are kept (see
-- 20250328000025_keep_copies.sql).

INSERT INTO suppliers (id, name, tenant_id)
SELECT supplier_id, mode() WITHIN GROUP (ORDER BY supplier_name), mode() WITHIN GROUP (ORDER BY tenant_id)
FROM products
WHERE supplier_id IS NOT NULL AND supplier_name IS NOT NULL
GROUP BY supplier_id
ON CONFLICT (id) DO NOTHING;
