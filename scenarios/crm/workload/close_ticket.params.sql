-- Tickets with long, typical and short descriptions (their rows' widths differ): the longest of each sixteenth of them.
SELECT DISTINCT ON (part) id AS ticket_id, tenant_id
FROM (
    SELECT id, tenant_id, length(description) AS size, ntile(16) OVER (ORDER BY length(description) DESC, id) AS part
    FROM tickets
) tickets
ORDER BY part, size DESC, id
