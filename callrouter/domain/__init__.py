"""What is computed: values and functions without I/O, clock or randomness.

Each room says what it holds; docs/architecture.md shows which knows which.
"""
