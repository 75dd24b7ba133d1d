"""What is carried out: one use case a file, named by a verb; read, ask the domain, write."""
