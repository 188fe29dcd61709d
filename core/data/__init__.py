"""Monthly stacks, product readers, grids, the block engine and sample data."""
