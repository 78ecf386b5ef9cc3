"""What a user can get wrong, one class each. `exit_code` is what the command ends with.

MigratorError
  SettingsError             3   an environment variable is missing or impossible
  FolderError               4   the migrations folder is not what Prisma writes
  SyntaxMistake             4   a statement that PostgreSQL's parser refuses
  AllowanceError            4   a `-- migrator:` comment that cannot be understood
  QueryMistake              4   a named query that cannot be understood or run
  PlanError                 4   the bundle's plan and its files disagree
  ConnectionFailed          5   no connection, or one that was lost
  LockHeld                  6   another runner held the migration lock for too long
  AppliedMigrationChanged   7   an applied file has another checksum
  AppliedStatementsChanged  7   a file that failed half-way was changed before the failed statement
  Refused                   8   a pending statement would hurt a live database
  StatementFailed           9   PostgreSQL refused a statement
  IndexDiffers             10   an index of that name exists with another definition
  ForeignPartition         10   an index on a partitioned table of which a partition is a foreign table
  LockTimeout              11   a table's lock could not be had
  NotPrimary               12   the server is a replica, or takes no writes
  ThroughPooler            12   a pooler stands between, which keeps no session
  ReplicaBehind            13   a replica stayed too far behind for a build to begin
  StorageShort             13   the disk has not the room that a build takes
  BaselineDiffers          14   the database is not what the migrations make
  IndexesMissing            1   `verify` found a promised index missing or invalid
  IndexesUnused             1   a named query does not use the index that it should
"""

from __future__ import annotations


class MigratorError(Exception):
    """Base of all the above; its text says what, where and the remedy."""

    exit_code = 2


class SettingsError(MigratorError):
    exit_code = 3


class FolderError(MigratorError):
    exit_code = 4


class SyntaxMistake(MigratorError):
    exit_code = 4


class AllowanceError(MigratorError):
    exit_code = 4


class QueryMistake(MigratorError):
    exit_code = 4


class PlanError(MigratorError):
    exit_code = 4


class ConnectionFailed(MigratorError):
    exit_code = 5


class LockHeld(MigratorError):
    exit_code = 6


class AppliedMigrationChanged(MigratorError):
    exit_code = 7


class AppliedStatementsChanged(MigratorError):
    exit_code = 7


class Refused(MigratorError):
    exit_code = 8


class StatementFailed(MigratorError):
    exit_code = 9


class IndexDiffers(MigratorError):
    exit_code = 10


class ForeignPartition(MigratorError):
    exit_code = 10


class LockTimeout(MigratorError):
    exit_code = 11


class NotPrimary(MigratorError):
    exit_code = 12


class ThroughPooler(MigratorError):
    exit_code = 12


class ReplicaBehind(MigratorError):
    exit_code = 13


class StorageShort(MigratorError):
    exit_code = 13


class BaselineDiffers(MigratorError):
    exit_code = 14


class IndexesMissing(MigratorError):
    exit_code = 1


class IndexesUnused(MigratorError):
    exit_code = 1
