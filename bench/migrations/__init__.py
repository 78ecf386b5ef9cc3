"""What an index build costs those who write meanwhile: `make bench-migrations`.

In one run, on one server and one table under steady writes: no build, plain `CREATE INDEX` (the statement
that `prisma migrate deploy` sends; Prisma itself is not run), psql's `CREATE INDEX CONCURRENTLY`, and the
migrator.
"""
