-- The CRM's tables before the migration, without keys and indexes (those follow the load). Our reconstruction from the
-- runbook's descriptions, not the runbook's words. "copy" marks the 36 columns that the migration drops.

CREATE TABLE tenants (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL,
    domain varchar(255),
    status varchar(20) DEFAULT 'active',
    plan varchar(50) DEFAULT 'basic',
    created_at timestamptz DEFAULT now()
);

CREATE TABLE users (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    email varchar(255) NOT NULL,
    name varchar(255) NOT NULL,
    first_name varchar(100),
    last_name varchar(100),
    role user_role NOT NULL DEFAULT 'agent',
    status user_status NOT NULL DEFAULT 'active',
    tenant_id uuid,
    phone varchar(20),
    department varchar(100),
    position varchar(100),
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    deleted_at timestamptz
);

CREATE TABLE customers (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    company_name varchar(255) NOT NULL,
    short_name varchar(20),
    contact_name varchar(255) NOT NULL,
    email varchar(255),
    phone varchar(20),
    mobile varchar(20),
    website varchar(255),
    address text,
    city varchar(100),
    country varchar(100),
    industry varchar(100),
    size company_size,
    status entity_status DEFAULT 'active',
    customer_type varchar(50),
    credit_limit numeric(12,2),
    payment_terms varchar(100),
    tax_id varchar(50),
    annual_revenue numeric(14,2),
    total_sales_amount numeric(14,2) DEFAULT 0,
    total_orders integer DEFAULT 0,
    average_order_value numeric(12,2) DEFAULT 0,
    last_purchase_date date,
    tags text[],
    notes text,
    assigned_to uuid,
    source varchar(100),
    rating varchar(20),
    last_contact_date timestamptz,
    tenant_id uuid NOT NULL,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    created_by uuid,
    deleted_at timestamptz
);

CREATE TABLE product_categories (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name varchar(100) NOT NULL,
    description text,
    tenant_id uuid NOT NULL
);

CREATE TABLE products (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL,
    description text,
    category_id uuid,
    category varchar(100), -- copy
    brand varchar(100),
    type varchar(50),
    sku varchar(100) NOT NULL,
    price numeric(12,2) NOT NULL,
    cost_price numeric(12,2),
    currency varchar(3) DEFAULT 'USD',
    status product_status DEFAULT 'active',
    is_active boolean DEFAULT true, -- copy
    is_service boolean DEFAULT false,
    stock_quantity integer DEFAULT 0,
    unit varchar(20),
    supplier_id uuid,
    supplier_name varchar(255), -- copy
    warranty_period_months integer,
    tags text[],
    tenant_id uuid NOT NULL,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    deleted_at timestamptz
);

CREATE TABLE sales (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    sale_number varchar(50),
    title varchar(255) NOT NULL,
    description text,
    customer_id uuid NOT NULL,
    customer_name varchar(255), -- copy
    value numeric(12,2) NOT NULL DEFAULT 0,
    amount numeric(12,2) NOT NULL DEFAULT 0, -- copy
    currency varchar(3) DEFAULT 'USD',
    probability numeric(5,2),
    weighted_amount numeric(12,2),
    stage sale_stage NOT NULL DEFAULT 'lead',
    status sale_status NOT NULL DEFAULT 'open',
    source varchar(100),
    campaign varchar(100),
    expected_close_date date,
    actual_close_date date,
    assigned_to uuid,
    assigned_to_name varchar(255), -- copy
    notes text,
    tags text[],
    tenant_id uuid NOT NULL,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    created_by uuid,
    deleted_at timestamptz
);

CREATE TABLE sale_items (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    sale_id uuid NOT NULL,
    product_id uuid,
    product_name varchar(255) NOT NULL,
    quantity numeric(10,2) NOT NULL DEFAULT 1,
    unit_price numeric(12,2) NOT NULL DEFAULT 0,
    discount numeric(12,2) DEFAULT 0,
    tax numeric(12,2) DEFAULT 0,
    line_total numeric(12,2) NOT NULL DEFAULT 0,
    created_at timestamptz DEFAULT now()
);

CREATE TABLE product_sales (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    customer_id uuid NOT NULL,
    customer_name varchar(255), -- copy
    product_id uuid NOT NULL,
    product_name varchar(255), -- copy
    units numeric(10,2) NOT NULL,
    cost_per_unit numeric(12,2),
    total_cost numeric(12,2) NOT NULL,
    delivery_date date NOT NULL,
    warranty_expiry date NOT NULL,
    status product_sale_status DEFAULT 'new',
    notes text,
    tenant_id uuid NOT NULL,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    deleted_at timestamptz
);

CREATE TABLE tickets (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_number varchar(50),
    title varchar(255) NOT NULL,
    description text NOT NULL,
    customer_id uuid,
    customer_name varchar(255), -- copy
    customer_email varchar(255), -- copy
    customer_phone varchar(20), -- copy
    status ticket_status NOT NULL DEFAULT 'open',
    priority ticket_priority NOT NULL DEFAULT 'medium',
    category ticket_category NOT NULL DEFAULT 'general',
    sub_category varchar(100),
    source varchar(50),
    assigned_to uuid,
    assigned_to_name varchar(255), -- copy
    reported_by uuid,
    reported_by_name varchar(255), -- copy
    due_date timestamptz,
    resolved_at timestamptz,
    closed_at timestamptz,
    estimated_hours numeric(8,2),
    actual_hours numeric(8,2),
    first_response_time integer, -- minutes
    resolution_time integer, -- minutes
    is_sla_breached boolean DEFAULT false,
    resolution text,
    tags text[],
    tenant_id uuid NOT NULL,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    deleted_at timestamptz
);

CREATE TABLE ticket_comments (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_id uuid NOT NULL,
    content text NOT NULL,
    author_id uuid,
    author_name varchar(255), -- copy
    author_role varchar(50), -- copy
    parent_id uuid,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);

CREATE TABLE ticket_attachments (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_id uuid NOT NULL,
    filename varchar(255) NOT NULL,
    file_url varchar(500),
    content_type varchar(100),
    file_size bigint,
    uploaded_by uuid,
    uploaded_by_name varchar(255), -- copy
    created_at timestamptz DEFAULT now()
);

CREATE TABLE contract_templates (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL,
    type contract_type NOT NULL,
    content text NOT NULL,
    tenant_id uuid NOT NULL
);

CREATE TABLE contracts (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    contract_number varchar(50),
    title varchar(255) NOT NULL,
    description text,
    type contract_type NOT NULL,
    status contract_status NOT NULL DEFAULT 'draft',
    customer_id uuid NOT NULL,
    customer_name varchar(255), -- copy
    customer_contact varchar(255), -- copy
    value numeric(12,2) NOT NULL DEFAULT 0,
    total_value numeric(12,2) NOT NULL DEFAULT 0, -- copy
    currency varchar(3) DEFAULT 'USD',
    start_date date NOT NULL,
    end_date date NOT NULL,
    signed_date date,
    next_renewal_date date,
    auto_renew boolean DEFAULT false,
    renewal_period_months integer,
    template_id uuid,
    content text,
    assigned_to uuid,
    assigned_to_name varchar(255), -- copy
    priority contract_priority DEFAULT 'medium',
    compliance_status varchar(50),
    signature_total_required integer DEFAULT 0,
    signature_completed integer DEFAULT 0,
    tags text[],
    notes text,
    tenant_id uuid NOT NULL,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    deleted_at timestamptz
);

CREATE TABLE contract_approval_records (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    contract_id uuid NOT NULL,
    stage varchar(100) NOT NULL,
    approver_id uuid,
    approver_name varchar(255), -- copy
    status approval_status NOT NULL DEFAULT 'pending',
    comments text,
    "timestamp" timestamptz,
    created_at timestamptz DEFAULT now()
);

CREATE TABLE service_contracts (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    contract_number varchar(50) NOT NULL,
    title varchar(255) NOT NULL,
    customer_id uuid NOT NULL,
    customer_name varchar(255), -- copy
    product_id uuid,
    product_name varchar(255), -- copy
    service_type varchar(50),
    status varchar(50) DEFAULT 'active',
    priority varchar(20) DEFAULT 'medium',
    value numeric(12,2) NOT NULL DEFAULT 0,
    currency varchar(3) DEFAULT 'USD',
    start_date date NOT NULL,
    end_date date NOT NULL,
    auto_renew boolean DEFAULT false,
    renewal_period_months integer,
    sla_terms text,
    service_scope text,
    tenant_id uuid NOT NULL,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    created_by uuid,
    deleted_at timestamptz
);

CREATE TABLE job_works (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    job_ref_id varchar(50) NOT NULL,
    customer_id uuid NOT NULL,
    customer_name varchar(255), -- copy
    customer_short_name varchar(20), -- copy
    customer_contact varchar(255), -- copy
    customer_email varchar(255), -- copy
    customer_phone varchar(20), -- copy
    product_id uuid NOT NULL,
    product_name varchar(255), -- copy
    product_sku varchar(100), -- copy
    product_category varchar(100), -- copy
    product_unit varchar(20), -- copy
    pieces numeric(10,2) NOT NULL,
    size varchar(100) NOT NULL,
    base_price numeric(12,2),
    default_price numeric(12,2),
    manual_price numeric(12,2),
    final_price numeric(12,2),
    currency varchar(3) DEFAULT 'USD',
    receiver_engineer_id uuid,
    receiver_engineer_name varchar(255), -- copy
    receiver_engineer_email varchar(255), -- copy
    assigned_by uuid,
    assigned_by_name varchar(255), -- copy
    status job_work_status NOT NULL DEFAULT 'pending',
    priority job_work_priority DEFAULT 'medium',
    due_date timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    delivered_at timestamptz,
    estimated_completion timestamptz,
    comments text,
    internal_notes text,
    delivery_address text,
    quality_check_passed boolean,
    quality_notes text,
    compliance_requirements text[],
    tenant_id uuid NOT NULL,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    created_by uuid,
    deleted_at timestamptz
);

CREATE TABLE job_work_specifications (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    job_work_id uuid NOT NULL,
    name varchar(100) NOT NULL,
    value varchar(255) NOT NULL,
    unit varchar(20),
    required boolean DEFAULT false,
    created_at timestamptz DEFAULT now()
);

CREATE TABLE complaints (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    complaint_number varchar(50),
    title varchar(255) NOT NULL,
    description text NOT NULL,
    customer_id uuid NOT NULL,
    customer_name varchar(255), -- copy
    category varchar(100),
    priority ticket_priority NOT NULL DEFAULT 'medium',
    status varchar(50) NOT NULL DEFAULT 'new',
    assigned_to uuid,
    resolution text,
    resolved_at timestamptz,
    tenant_id uuid NOT NULL,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    deleted_at timestamptz
);
