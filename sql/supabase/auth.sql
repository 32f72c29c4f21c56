-- Supabase's functions that tell who asks, so that its migrations run on any PostgreSQL: they read the claims of the
-- request's JWT from the setting request.jwt.claims. Our own writing of their documented behaviour. No role is named.

CREATE SCHEMA IF NOT EXISTS auth;
GRANT USAGE ON SCHEMA auth TO PUBLIC;

CREATE OR REPLACE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE
RETURN nullif(current_setting('request.jwt.claims', true), '')::jsonb;

CREATE OR REPLACE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE
RETURN (auth.jwt() ->> 'sub')::uuid;

CREATE OR REPLACE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE
RETURN auth.jwt() ->> 'role';

COMMENT ON FUNCTION auth.jwt() IS 'claims of the request, NULL without a token';
COMMENT ON FUNCTION auth.uid() IS 'the claim sub: the user who asks';
COMMENT ON FUNCTION auth.role() IS 'the claim role';
