"""The commands, one a module: each parses, calls the harness, and shows the outcome; no logic of their own."""
