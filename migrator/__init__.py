"""Plans and applies a folder of SQL migrations on a live PostgreSQL database.

The deployer's side reads the folder with PostgreSQL's own parser (`folder`, `parse`, `checks`, `rewrite`,
`promises`, `planner`, `bundle`). The plan then travels as JSON in a zipapp, so that the runner (`apply` and
what it imports) needs only Python 3.11 and pg8000.
"""
