"""Plans and applies a folder of SQL migrations on a live PostgreSQL database.

`planning` is the deployer's side: it reads the folder with PostgreSQL's own parser. The plan then travels as
JSON in a zipapp, so that the runner's side (`applying`, `verifying`) needs only Python 3.11 and pg8000. What
both know lies here; `postgres` alone connects.
"""
