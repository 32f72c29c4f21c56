"""Proves, or refutes, a PostgreSQL migration that replaces denormalised columns by views."""

__version__ = "0.1.0"
