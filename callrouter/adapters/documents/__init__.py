"""Documents that people send: a statement as PDF and as Excel. Knows no database."""
