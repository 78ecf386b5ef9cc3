"""What each query costs, counted by the server: the extension pg_stat_statements."""

from __future__ import annotations

from migrator.postgres import INSUFFICIENT_PRIVILEGE, PostgresError, Session


def ensure(session: Session) -> bool:
    """Makes the extension where the server has loaded its library; says whether it did.

    RDS lets its master user make it. Elsewhere only a superuser may: then it is left out, and with it the
    report of the app's costliest queries.
    """
    wanted = session.rows(
        """SELECT 1 FROM pg_settings, pg_available_extensions AS extension
           WHERE pg_settings.name = 'shared_preload_libraries' AND setting LIKE '%pg_stat_statements%'
             AND extension.name = 'pg_stat_statements' AND installed_version IS NULL"""
    )
    if not wanted:
        return False
    try:
        session.run("CREATE EXTENSION pg_stat_statements")
    except PostgresError as error:
        if error.code != INSUFFICIENT_PRIVILEGE:
            raise
        return False
    return True
