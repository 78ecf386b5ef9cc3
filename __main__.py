"""The stack of the reference app: the kit, and nothing beside it."""

from evenkeel import Kit

Kit().serve()
