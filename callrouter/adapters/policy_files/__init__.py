"""The TOML files that an operator edits: values out, or every line that is wrong."""
