-- Grants and row level security, as a Supabase project has them: the API's roles are granted everything in public, and
-- the policies decide by the claim tenant_id of the request. Our reconstruction from the runbook's descriptions, not
-- the runbook's words. Needs the roles of sql/supabase/roles.sql.

GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
GRANT ALL ON ALL TABLES IN SCHEMA public TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role;

-- The scalar subquery lets PostgreSQL read the claim once a statement, not once a row.
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenants
    USING (id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON users
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON customers
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE product_categories ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON product_categories
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE products ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON products
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE sales ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON sales
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE product_sales ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON product_sales
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tickets
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE contract_templates ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON contract_templates
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE contracts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON contracts
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE service_contracts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON service_contracts
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE job_works ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON job_works
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
ALTER TABLE complaints ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON complaints
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);

-- A child without a tenant of its own may be seen by whoever may see its parent.
ALTER TABLE sale_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY parent_is_visible ON sale_items
    USING (EXISTS (SELECT FROM sales WHERE sales.id = sale_items.sale_id));
ALTER TABLE ticket_comments ENABLE ROW LEVEL SECURITY;
CREATE POLICY parent_is_visible ON ticket_comments
    USING (EXISTS (SELECT FROM tickets WHERE tickets.id = ticket_comments.ticket_id));
ALTER TABLE ticket_attachments ENABLE ROW LEVEL SECURITY;
CREATE POLICY parent_is_visible ON ticket_attachments
    USING (EXISTS (SELECT FROM tickets WHERE tickets.id = ticket_attachments.ticket_id));
ALTER TABLE contract_approval_records ENABLE ROW LEVEL SECURITY;
CREATE POLICY parent_is_visible ON contract_approval_records
    USING (EXISTS (SELECT FROM contracts WHERE contracts.id = contract_approval_records.contract_id));
ALTER TABLE job_work_specifications ENABLE ROW LEVEL SECURITY;
CREATE POLICY parent_is_visible ON job_work_specifications
    USING (EXISTS (SELECT FROM job_works WHERE job_works.id = job_work_specifications.job_work_id));
