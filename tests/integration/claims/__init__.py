"""Claims on a real server."""
