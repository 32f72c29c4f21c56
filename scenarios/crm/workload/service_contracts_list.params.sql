-- The first page and a later one of large, typical and small tenants: the largest of each sixth of them.
WITH tenant AS (
    SELECT DISTINCT ON (part) tenant_id, rows
    FROM (
        SELECT tenant_id, count(*) AS rows, ntile(6) OVER (ORDER BY count(*) DESC, tenant_id) AS part
        FROM service_contracts
        GROUP BY tenant_id
    ) tenants
    ORDER BY part, rows DESC, tenant_id
)
SELECT tenant_id, start
FROM tenant CROSS JOIN LATERAL (VALUES (0::bigint), (least(100, rows / 2))) page (start)
ORDER BY rows DESC, tenant_id, start
