-- First words of customers' names, from frequent to rare in each one's own tenant; words without a meaning in LIKE.
SELECT DISTINCT ON (part) tenant_id, word
FROM (
    SELECT s.tenant_id, w.word, count(*) AS sales, ntile(12) OVER (ORDER BY count(*) DESC, s.tenant_id, w.word) AS part
    FROM sales s
    JOIN customers c ON c.id = s.customer_id AND c.company_name = s.customer_name
    CROSS JOIN LATERAL (SELECT substring(lower(c.company_name) FROM '^[a-z]{3,}') AS word) w
    WHERE w.word IS NOT NULL
    GROUP BY s.tenant_id, w.word
) words
ORDER BY part, sales DESC, tenant_id, word
