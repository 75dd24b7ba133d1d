"""How people reach us from a terminal: one module per group of commands."""
