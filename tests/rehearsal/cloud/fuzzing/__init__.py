"""Calls that a client in error makes, decided by a seed: what the cloud does with them."""
