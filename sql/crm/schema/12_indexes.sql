-- The indexes that the CRM has before the migration, beside those of its keys. Our reconstruction from the runbook's
-- descriptions, not the runbook's words. Most of what the last migration "adds" is here already.

CREATE INDEX idx_users_tenant_id ON users (tenant_id);
CREATE INDEX idx_customers_tenant_id ON customers (tenant_id);
CREATE INDEX idx_product_categories_tenant_id ON product_categories (tenant_id);
CREATE INDEX idx_products_tenant_id ON products (tenant_id);
CREATE INDEX idx_sales_tenant_id ON sales (tenant_id);
CREATE INDEX idx_product_sales_tenant_id ON product_sales (tenant_id);
CREATE INDEX idx_tickets_tenant_id ON tickets (tenant_id);
CREATE INDEX idx_contract_templates_tenant_id ON contract_templates (tenant_id);
CREATE INDEX idx_contracts_tenant_id ON contracts (tenant_id);
CREATE INDEX idx_service_contracts_tenant_id ON service_contracts (tenant_id);
CREATE INDEX idx_job_works_tenant_id ON job_works (tenant_id);
CREATE INDEX idx_complaints_tenant_id ON complaints (tenant_id);

CREATE INDEX idx_sales_customer_id ON sales (customer_id);
CREATE INDEX idx_sales_assigned_to ON sales (assigned_to);
CREATE INDEX idx_sales_stage ON sales (stage);
CREATE INDEX idx_sales_status ON sales (status);
CREATE INDEX idx_sales_created_at ON sales (created_at);

CREATE INDEX idx_tickets_customer_id ON tickets (customer_id);
CREATE INDEX idx_tickets_status ON tickets (status);
CREATE INDEX idx_tickets_priority ON tickets (priority);
CREATE INDEX idx_tickets_assigned_to ON tickets (assigned_to);
CREATE INDEX idx_tickets_created_at ON tickets (created_at);

CREATE INDEX idx_contracts_customer_id ON contracts (customer_id);
CREATE INDEX idx_contracts_status ON contracts (status);
CREATE INDEX idx_contracts_type ON contracts (type);
CREATE INDEX idx_contracts_assigned_to ON contracts (assigned_to);
CREATE INDEX idx_contracts_end_date ON contracts (end_date);

CREATE INDEX idx_job_works_customer_id ON job_works (customer_id);
CREATE INDEX idx_job_works_product_id ON job_works (product_id);
CREATE INDEX idx_job_works_status ON job_works (status);
CREATE INDEX idx_job_works_receiver_engineer_id ON job_works (receiver_engineer_id);
CREATE INDEX idx_job_works_assigned_by ON job_works (assigned_by);
CREATE INDEX idx_job_works_due_date ON job_works (due_date);

CREATE INDEX idx_product_sales_customer_id ON product_sales (customer_id);
CREATE INDEX idx_product_sales_product_id ON product_sales (product_id);
CREATE INDEX idx_product_sales_status ON product_sales (status);

CREATE INDEX idx_service_contracts_customer_id ON service_contracts (customer_id);
CREATE INDEX idx_service_contracts_status ON service_contracts (status);
CREATE INDEX idx_service_contracts_end_date ON service_contracts (end_date);

CREATE INDEX idx_complaints_customer_id ON complaints (customer_id);
CREATE INDEX idx_complaints_status ON complaints (status);

CREATE INDEX idx_products_status ON products (status);
CREATE INDEX idx_products_category_id ON products (category_id);
CREATE INDEX idx_products_sku ON products (sku);

CREATE INDEX idx_sale_items_sale_id ON sale_items (sale_id);
CREATE INDEX idx_ticket_comments_ticket_id ON ticket_comments (ticket_id);
CREATE INDEX idx_ticket_attachments_ticket_id ON ticket_attachments (ticket_id);
CREATE INDEX idx_contract_approval_records_contract_id ON contract_approval_records (contract_id);
CREATE INDEX idx_job_work_specifications_job_work_id ON job_work_specifications (job_work_id);
