-- A ticket is closed, by the operation's second.
UPDATE tickets
SET status = 'closed',
    resolution = 'Solved and closed in operation ' || :op::bigint,
    resolved_at = created_at + :op::bigint * interval '1 second',
    closed_at = created_at + :op::bigint * interval '1 second'
WHERE tenant_id = :tenant_id AND id = :ticket_id
RETURNING id
