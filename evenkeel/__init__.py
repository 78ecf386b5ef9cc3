"""The kit for a program of one's own: `Kit` has what the app stands on, and runs the app on it."""

from components.server_role import Permission
from evenkeel.kit import Kit

__all__ = ["Kit", "Permission"]
