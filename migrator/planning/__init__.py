"""The deployer's side: reads the folder with PostgreSQL's own parser and makes the plan; needs pglast."""
