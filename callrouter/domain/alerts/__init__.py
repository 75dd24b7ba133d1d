"""What a seller is told when something is wrong, and where."""
