-- Foreign keys. Our reconstruction from the runbook's descriptions, not the runbook's words. Deliberately without one:
-- products.supplier_id (there is no table suppliers yet), customer_id and product_id of service_contracts, parent_id of
-- ticket_comments, and every created_by.

ALTER TABLE users ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE customers ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE product_categories ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE products ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE sales ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE product_sales ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE tickets ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE contract_templates ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE contracts ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE service_contracts ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE job_works ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE complaints ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);

ALTER TABLE customers ADD FOREIGN KEY (assigned_to) REFERENCES users (id);
ALTER TABLE products ADD FOREIGN KEY (category_id) REFERENCES product_categories (id);

ALTER TABLE sales ADD FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE sales ADD FOREIGN KEY (assigned_to) REFERENCES users (id);
ALTER TABLE sale_items ADD FOREIGN KEY (sale_id) REFERENCES sales (id) ON DELETE CASCADE;
ALTER TABLE sale_items ADD FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE SET NULL;
ALTER TABLE product_sales ADD FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE product_sales ADD FOREIGN KEY (product_id) REFERENCES products (id);

ALTER TABLE tickets ADD FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE SET NULL;
ALTER TABLE tickets ADD FOREIGN KEY (assigned_to) REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE tickets ADD FOREIGN KEY (reported_by) REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE ticket_comments ADD FOREIGN KEY (ticket_id) REFERENCES tickets (id) ON DELETE CASCADE;
ALTER TABLE ticket_comments ADD FOREIGN KEY (author_id) REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE ticket_attachments ADD FOREIGN KEY (ticket_id) REFERENCES tickets (id) ON DELETE CASCADE;
ALTER TABLE ticket_attachments ADD FOREIGN KEY (uploaded_by) REFERENCES users (id) ON DELETE SET NULL;

ALTER TABLE contracts ADD FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE contracts ADD FOREIGN KEY (template_id) REFERENCES contract_templates (id);
ALTER TABLE contracts ADD FOREIGN KEY (assigned_to) REFERENCES users (id);
ALTER TABLE contract_approval_records ADD FOREIGN KEY (contract_id) REFERENCES contracts (id) ON DELETE CASCADE;
ALTER TABLE contract_approval_records ADD FOREIGN KEY (approver_id) REFERENCES users (id) ON DELETE SET NULL;

ALTER TABLE job_works ADD FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE job_works ADD FOREIGN KEY (product_id) REFERENCES products (id);
ALTER TABLE job_works ADD FOREIGN KEY (receiver_engineer_id) REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE job_works ADD FOREIGN KEY (assigned_by) REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE job_work_specifications ADD FOREIGN KEY (job_work_id) REFERENCES job_works (id) ON DELETE CASCADE;

ALTER TABLE complaints ADD FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE complaints ADD FOREIGN KEY (assigned_to) REFERENCES users (id);
