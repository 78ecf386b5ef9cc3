"""A rollout: what replaces servers, watches them, and asks them whether they are what they should be."""
