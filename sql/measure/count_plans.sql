-- How often each prepared statement of this session ran with a generic and with a custom plan.
SELECT name, generic_plans, custom_plans
FROM pg_catalog.pg_prepared_statements
