"""What an index build costs those who write meanwhile: `make bench-migrations`.

In one run, on one server and one table under steady writes: no build, plain `CREATE INDEX` as
`prisma migrate deploy` sends it, psql's `CREATE INDEX CONCURRENTLY`, and the migrator.
"""
