-- What goes wrong in real data, planted into small_data.sql before the migration: one statement a kind.

-- The customer was renamed, its copies were not; a role changed; a ticket's e-mail is of no source.
UPDATE customers SET company_name = 'Renamed' WHERE id = md5('customer2')::uuid;
UPDATE ticket_comments SET author_role = 'moderator' WHERE id = md5('comment1')::uuid;
UPDATE sales SET amount = value + 0.01 WHERE id = md5('sale1')::uuid;
UPDATE contracts SET total_value = value - 0.01 WHERE id = md5('contract1')::uuid;

-- The copy is the only record: no key.
UPDATE tickets SET customer_id = NULL WHERE id = md5('ticket3')::uuid;
UPDATE tickets SET assigned_to = NULL WHERE id = md5('ticket4')::uuid;
UPDATE job_works SET receiver_engineer_id = NULL WHERE id = md5('job5')::uuid;
UPDATE ticket_attachments SET uploaded_by = NULL WHERE id = md5('attachment1')::uuid;
UPDATE contract_approval_records SET approver_id = NULL WHERE id = md5('approval1')::uuid;
UPDATE products SET supplier_id = NULL WHERE id = md5('product1')::uuid;
UPDATE products SET category_id = NULL WHERE id = md5('product2')::uuid;
UPDATE products SET status = NULL WHERE id = md5('product4')::uuid;

-- The copy is the only record: a key that leads nowhere.
UPDATE service_contracts SET customer_id = md5('nobody')::uuid WHERE id = md5('service1')::uuid;
UPDATE service_contracts SET product_id = md5('nothing')::uuid WHERE id = md5('service2')::uuid;

-- One supplier, two spellings.
UPDATE products SET supplier_name = 'Suplier 2' WHERE id = md5('product5')::uuid;

-- Deleted softly, and so still a source.
UPDATE customers SET deleted_at = now() WHERE id = md5('customer6')::uuid;
UPDATE users SET deleted_at = now() WHERE id = md5('user3')::uuid;

-- A parent that row security hides from the row's tenant: another tenant's, or of none.
UPDATE complaints SET tenant_id = md5('tenant1')::uuid WHERE id = md5('complaint1')::uuid;
UPDATE users SET tenant_id = NULL WHERE id = md5('user4')::uuid;
