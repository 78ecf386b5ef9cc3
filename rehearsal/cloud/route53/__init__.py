"""Route 53: what moto lacks of it, and what is real behind it."""
