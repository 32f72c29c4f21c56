-- Customers with very many, many, some and few sales, by their rank.
SELECT customer_id, new_name
FROM (
    SELECT
        s.customer_id, left(c.company_name, 200) AS new_name,
        row_number() OVER (ORDER BY count(*) DESC, s.customer_id) AS place, count(*) OVER () AS places
    FROM sales s
    JOIN customers c ON c.id = s.customer_id
    GROUP BY s.customer_id, c.company_name
) ranked
WHERE place IN (
    SELECT ceil(share * places) FROM unnest(ARRAY[0.002, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.9]) share
)
ORDER BY place
