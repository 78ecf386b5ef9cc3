"""CloudWatch and its logs: what moto lacks of it, and what is real behind it."""
