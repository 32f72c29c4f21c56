-- Primary keys and unique constraints. Our reconstruction from the runbook's descriptions, not the runbook's words.

ALTER TABLE tenants ADD PRIMARY KEY (id);
ALTER TABLE users ADD PRIMARY KEY (id);
ALTER TABLE customers ADD PRIMARY KEY (id);
ALTER TABLE product_categories ADD PRIMARY KEY (id);
ALTER TABLE products ADD PRIMARY KEY (id);
ALTER TABLE sales ADD PRIMARY KEY (id);
ALTER TABLE sale_items ADD PRIMARY KEY (id);
ALTER TABLE product_sales ADD PRIMARY KEY (id);
ALTER TABLE tickets ADD PRIMARY KEY (id);
ALTER TABLE ticket_comments ADD PRIMARY KEY (id);
ALTER TABLE ticket_attachments ADD PRIMARY KEY (id);
ALTER TABLE contract_templates ADD PRIMARY KEY (id);
ALTER TABLE contracts ADD PRIMARY KEY (id);
ALTER TABLE contract_approval_records ADD PRIMARY KEY (id);
ALTER TABLE service_contracts ADD PRIMARY KEY (id);
ALTER TABLE job_works ADD PRIMARY KEY (id);
ALTER TABLE job_work_specifications ADD PRIMARY KEY (id);
ALTER TABLE complaints ADD PRIMARY KEY (id);

ALTER TABLE products ADD UNIQUE (tenant_id, sku);
ALTER TABLE job_works ADD UNIQUE (tenant_id, job_ref_id);
