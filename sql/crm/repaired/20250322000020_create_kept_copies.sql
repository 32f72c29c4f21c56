-- One table <base>_copies beside each base table, keyed by its id: it keeps what no join can rebuild, and the views
-- fall back to it. Ours; the runbook has nothing of the kind. The types are those of the dropped columns. Grants come
-- from the default privileges, as for every table in public; a copy may be seen by whoever may see its row.

CREATE TABLE products_copies (
    id uuid PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE,
    category varchar(100),
    is_active boolean,
    supplier_name varchar(255)
);

CREATE TABLE sales_copies (
    id uuid PRIMARY KEY REFERENCES sales (id) ON DELETE CASCADE,
    customer_name varchar(255),
    assigned_to_name varchar(255),
    amount numeric(12,2)
);

CREATE TABLE tickets_copies (
    id uuid PRIMARY KEY REFERENCES tickets (id) ON DELETE CASCADE,
    customer_name varchar(255),
    customer_email varchar(255),
    customer_phone varchar(20),
    assigned_to_name varchar(255),
    reported_by_name varchar(255)
);

CREATE TABLE ticket_comments_copies (
    id uuid PRIMARY KEY REFERENCES ticket_comments (id) ON DELETE CASCADE,
    author_name varchar(255),
    author_role varchar(50)
);

CREATE TABLE ticket_attachments_copies (
    id uuid PRIMARY KEY REFERENCES ticket_attachments (id) ON DELETE CASCADE,
    uploaded_by_name varchar(255)
);

CREATE TABLE contracts_copies (
    id uuid PRIMARY KEY REFERENCES contracts (id) ON DELETE CASCADE,
    customer_name varchar(255),
    customer_contact varchar(255),
    assigned_to_name varchar(255),
    total_value numeric(12,2)
);

CREATE TABLE contract_approval_records_copies (
    id uuid PRIMARY KEY REFERENCES contract_approval_records (id) ON DELETE CASCADE,
    approver_name varchar(255)
);

CREATE TABLE product_sales_copies (
    id uuid PRIMARY KEY REFERENCES product_sales (id) ON DELETE CASCADE,
    customer_name varchar(255),
    product_name varchar(255)
);

CREATE TABLE service_contracts_copies (
    id uuid PRIMARY KEY REFERENCES service_contracts (id) ON DELETE CASCADE,
    customer_name varchar(255),
    product_name varchar(255)
);

CREATE TABLE job_works_copies (
    id uuid PRIMARY KEY REFERENCES job_works (id) ON DELETE CASCADE,
    customer_name varchar(255),
    customer_short_name varchar(20),
    customer_contact varchar(255),
    customer_email varchar(255),
    customer_phone varchar(20),
    product_name varchar(255),
    product_sku varchar(100),
    product_category varchar(100),
    product_unit varchar(20),
    receiver_engineer_name varchar(255),
    receiver_engineer_email varchar(255),
    assigned_by_name varchar(255)
);

CREATE TABLE complaints_copies (
    id uuid PRIMARY KEY REFERENCES complaints (id) ON DELETE CASCADE,
    customer_name varchar(255)
);

ALTER TABLE products_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY row_is_visible ON products_copies
    USING (EXISTS (SELECT FROM products WHERE products.id = products_copies.id));
ALTER TABLE sales_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY row_is_visible ON sales_copies
    USING (EXISTS (SELECT FROM sales WHERE sales.id = sales_copies.id));
ALTER TABLE tickets_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY row_is_visible ON tickets_copies
    USING (EXISTS (SELECT FROM tickets WHERE tickets.id = tickets_copies.id));
ALTER TABLE ticket_comments_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY row_is_visible ON ticket_comments_copies
    USING (EXISTS (SELECT FROM ticket_comments WHERE ticket_comments.id = ticket_comments_copies.id));
ALTER TABLE ticket_attachments_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY row_is_visible ON ticket_attachments_copies
    USING (EXISTS (SELECT FROM ticket_attachments WHERE ticket_attachments.id = ticket_attachments_copies.id));
ALTER TABLE contracts_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY row_is_visible ON contracts_copies
    USING (EXISTS (SELECT FROM contracts WHERE contracts.id = contracts_copies.id));
ALTER TABLE contract_approval_records_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY row_is_visible ON contract_approval_records_copies
    USING (EXISTS (
        SELECT FROM contract_approval_records WHERE contract_approval_records.id = contract_approval_records_copies.id
    ));
ALTER TABLE product_sales_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY row_is_visible ON product_sales_copies
    USING (EXISTS (SELECT FROM product_sales WHERE product_sales.id = product_sales_copies.id));
ALTER TABLE service_contracts_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY row_is_visible ON service_contracts_copies
    USING (EXISTS (SELECT FROM service_contracts WHERE service_contracts.id = service_contracts_copies.id));
ALTER TABLE job_works_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY row_is_visible ON job_works_copies
    USING (EXISTS (SELECT FROM job_works WHERE job_works.id = job_works_copies.id));
ALTER TABLE complaints_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY row_is_visible ON complaints_copies
    USING (EXISTS (SELECT FROM complaints WHERE complaints.id = complaints_copies.id));
