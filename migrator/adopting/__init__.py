"""How a database that another tool or hand has migrated is taken over."""
