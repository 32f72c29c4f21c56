-- The oldest transaction whose work this snapshot may not see: whatever is written later has this number or a higher one.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint
