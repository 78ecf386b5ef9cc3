"""The parts of a stack: one Pulumi component a file, the pure modules beside them."""
