-- Busy, typical and idle pairs of status and assignee: the largest of each twelfth of them.
SELECT DISTINCT ON (part) tenant_id, status, assigned_to
FROM (
    SELECT
        tenant_id, status::text AS status, assigned_to, count(*) AS sales,
        ntile(12) OVER (ORDER BY count(*) DESC, tenant_id, status, assigned_to) AS part
    FROM sales
    WHERE assigned_to IS NOT NULL
    GROUP BY tenant_id, status, assigned_to
) pairs
ORDER BY part, sales DESC, tenant_id, status, assigned_to
