"""Banks' CSV files: read by a mapping, within bounds, each figure exactly or not at all."""
