"""The tools whose migrations are understood, a module each.

It has how the tool's files are read, and the tool's own record of what is applied, which is kept beside the
ledger, so that the tool's `status` agrees afterwards.
"""
