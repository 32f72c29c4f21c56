-- Large, typical and small tenants: the largest of each eighth of them.
SELECT DISTINCT ON (part) tenant_id
FROM (
    SELECT tenant_id, count(*) AS sales, ntile(8) OVER (ORDER BY count(*) DESC, tenant_id) AS part
    FROM sales
    GROUP BY tenant_id
) tenants
ORDER BY part, sales DESC, tenant_id
