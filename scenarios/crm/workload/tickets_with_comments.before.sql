-- The newest 20 tickets of a tenant, each with its comments.
SELECT t.id, t.ticket_number, t.title, t.customer_name, t.customer_email, t.customer_phone, t.status, t.priority,
    t.assigned_to_name, t.reported_by_name, t.created_at,
    tc.id AS comment_id, tc.author_name, tc.author_role, tc.content, tc.created_at AS commented_at
FROM (
    SELECT * FROM tickets WHERE tenant_id = :tenant_id ORDER BY created_at DESC, id LIMIT 20
) t
LEFT JOIN ticket_comments tc ON tc.ticket_id = t.id
ORDER BY t.created_at DESC, t.id, tc.created_at, tc.id
