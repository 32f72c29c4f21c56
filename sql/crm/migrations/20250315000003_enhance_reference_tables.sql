-- Reference tables: more columns for product_categories; the table suppliers with its indexes and row level security.
-- Our reconstruction from the runbook's description, not the runbook's words.
-- The runbook's verification also expects created_at, updated_at and deleted_at in product_categories; its description
-- adds none of them, and the description is what we followed.

ALTER TABLE product_categories ADD COLUMN IF NOT EXISTS is_active boolean DEFAULT true;
ALTER TABLE product_categories ADD COLUMN IF NOT EXISTS sort_order integer DEFAULT 0;
ALTER TABLE product_categories ADD COLUMN IF NOT EXISTS created_by uuid;

CREATE TABLE IF NOT EXISTS suppliers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL,
    contact_name varchar(255),
    email varchar(255),
    phone varchar(20),
    website varchar(255),
    address text,
    city varchar(100),
    country varchar(100),
    notes text,
    is_active boolean DEFAULT true,
    sort_order integer DEFAULT 0,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    created_by uuid,
    deleted_at timestamptz
);

CREATE INDEX IF NOT EXISTS idx_suppliers_tenant_id ON suppliers (tenant_id);
CREATE INDEX IF NOT EXISTS idx_suppliers_is_active ON suppliers (is_active);
CREATE INDEX IF NOT EXISTS idx_suppliers_tenant_id_is_active ON suppliers (tenant_id, is_active);
CREATE INDEX IF NOT EXISTS idx_suppliers_sort_order ON suppliers (sort_order);

ALTER TABLE suppliers ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON suppliers
    USING (tenant_id = ((SELECT auth.jwt()) ->> 'tenant_id')::uuid);
