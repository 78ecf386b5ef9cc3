"""Elastic Load Balancing: what moto lacks of it, and what is real behind it."""
