"""What crm.md says of the CRM, as the tests hold it against the files."""

from __future__ import annotations

DROPPED = {
    "products": "category is_active supplier_name",
    "sales": "customer_name assigned_to_name amount",
    "tickets": "customer_name customer_email customer_phone assigned_to_name reported_by_name",
    "ticket_comments": "author_name author_role",
    "ticket_attachments": "uploaded_by_name",
    "contracts": "customer_name customer_contact assigned_to_name total_value",
    "contract_approval_records": "approver_name",
    "product_sales": "customer_name product_name",
    "service_contracts": "customer_name product_name",
    "job_works": "customer_name customer_short_name customer_contact customer_email customer_phone product_name "
    "product_sku product_category product_unit receiver_engineer_name receiver_engineer_email assigned_by_name",
    "complaints": "customer_name",
}
WITHOUT_COUNTERPART = {
    ("products", "category"),
    ("products", "is_active"),
    ("products", "supplier_name"),
    ("ticket_attachments", "uploaded_by_name"),
}
VIEWS = {
    "sales_with_details",
    "sale_items_with_details",
    "product_sales_with_details",
    "customers_with_stats",
    "tickets_with_details",
    "ticket_comments_with_details",
    "contracts_with_details",
    "contract_approval_records_with_details",
    "job_works_with_details",
    "job_work_specifications_with_details",
    "service_contracts_with_details",
    "complaints_with_details",
}
TENANT_TABLES = (
    "users customers product_categories products sales product_sales tickets contract_templates contracts "
    "service_contracts job_works complaints"
)
INDEXES_BEFORE = {
    **dict.fromkeys(TENANT_TABLES.split(), "tenant_id"),
    "sales": "tenant_id customer_id assigned_to stage status created_at",
    "tickets": "tenant_id customer_id status priority assigned_to created_at",
    "contracts": "tenant_id customer_id status type assigned_to end_date",
    "job_works": "tenant_id customer_id product_id status receiver_engineer_id assigned_by due_date",
    "product_sales": "tenant_id customer_id product_id status",
    "service_contracts": "tenant_id customer_id status end_date",
    "complaints": "tenant_id customer_id status",
    "products": "tenant_id status category_id sku",
    "sale_items": "sale_id",
    "ticket_comments": "ticket_id",
    "ticket_attachments": "ticket_id",
    "contract_approval_records": "contract_id",
    "job_work_specifications": "job_work_id",
}
INDEXES_EXPECTED_AFTER = {
    "sales": "customer_id assigned_to status stage",
    "tickets": "customer_id assigned_to status priority created_at",
    "contracts": "customer_id assigned_to status created_at",
    "job_works": "customer_id product_id status priority receiver_engineer_id",
    "products": "category_id supplier_id status",
    "suppliers": "tenant_id is_active tenant_id,is_active sort_order",
}
STALE = [
    ("sales", "customer_name", "sale1 sale31 sale61"),
    ("product_sales", "customer_name", "product_sale1 product_sale31"),
    ("tickets", "customer_name", "ticket2 ticket33"),
    ("contracts", "customer_name", "contract1 contract31"),
    ("service_contracts", "customer_name", "service2"),
    ("job_works", "customer_name", "job1 job31"),
    ("complaints", "customer_name", "complaint2"),
    ("ticket_comments", "author_role", "comment1"),
    ("sales", "amount", "sale1"),
    ("contracts", "total_value", "contract1"),
]
"""What anomalies.sql makes stale: the cells that must show the live value."""


def pairs(table: dict[str, str]) -> set[tuple[str, str]]:
    """(relation, item) for each of the items that a relation's text lists."""
    return {(name, item) for name, text in table.items() for item in text.split()}
