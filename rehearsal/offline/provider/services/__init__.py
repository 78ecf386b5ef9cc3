"""The table, by AWS service."""
