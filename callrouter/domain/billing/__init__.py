"""What calls are worth and who owes it: terms, rating, ledger, statements, payments, standing.

Knows CDRs and what a table promises, but not how a call is routed; nothing that routes a call
knows this package.
"""
