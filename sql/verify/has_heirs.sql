-- Whether other tables inherit from this one.
SELECT EXISTS (SELECT FROM pg_inherits WHERE inhparent = $1)
