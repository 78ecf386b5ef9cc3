"""A provider and a language host for machines that reach package registries only."""
