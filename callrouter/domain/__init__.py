"""What is computed: values and functions without I/O, clock or randomness."""
