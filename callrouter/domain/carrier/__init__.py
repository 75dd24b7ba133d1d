"""Our records against the carrier's own: its legs and numbers, and the nightly audit."""
