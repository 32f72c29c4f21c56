-- The CRM's enumerations. Our reconstruction from the runbook's descriptions, not the runbook's words.

CREATE TYPE user_role AS ENUM ('super_admin', 'admin', 'manager', 'agent', 'engineer', 'customer');
CREATE TYPE user_status AS ENUM ('active', 'inactive', 'suspended');
CREATE TYPE company_size AS ENUM ('startup', 'small', 'medium', 'large', 'enterprise');
CREATE TYPE entity_status AS ENUM ('active', 'inactive', 'prospect', 'suspended');
CREATE TYPE product_status AS ENUM ('active', 'inactive', 'discontinued');
CREATE TYPE sale_stage AS ENUM ('lead', 'qualified', 'proposal', 'negotiation', 'closed_won', 'closed_lost');
CREATE TYPE sale_status AS ENUM ('open', 'won', 'lost', 'cancelled');
CREATE TYPE product_sale_status AS ENUM ('new', 'renewed', 'expired');
CREATE TYPE ticket_status AS ENUM ('open', 'in_progress', 'pending', 'resolved', 'closed');
CREATE TYPE ticket_priority AS ENUM ('low', 'medium', 'high', 'urgent');
CREATE TYPE ticket_category AS ENUM ('technical', 'billing', 'general', 'feature_request');
CREATE TYPE contract_type AS ENUM ('service_agreement', 'nda', 'purchase_order', 'employment', 'custom');
CREATE TYPE contract_status AS ENUM ('draft', 'pending_approval', 'active', 'renewed', 'expired', 'terminated');
CREATE TYPE contract_priority AS ENUM ('low', 'medium', 'high', 'urgent');
CREATE TYPE approval_status AS ENUM ('pending', 'approved', 'rejected');
CREATE TYPE job_work_status AS ENUM ('pending', 'in_progress', 'completed', 'delivered', 'cancelled');
CREATE TYPE job_work_priority AS ENUM ('low', 'medium', 'high', 'urgent');
