"""The plan of a folder's migrations: packed for the task that runs it, and as people and gates read it."""

from hashlib import sha256
from pathlib import Path

import pulumi

from components.artifact import cache_folder
from migrator import preview
from migrator.errors import MigratorError
from migrator.plan import Plan, shortened
from migrator.planning import bundle


def pack(folder: Path) -> bundle.Bundle:
    """The folder's bundle; what is wrong with a migration is the user's to fix, without a traceback."""
    try:
        return bundle.build(folder, cache_folder("migrations"))
    except MigratorError as error:
        raise pulumi.RunError(str(error)) from error


def summary(plan: Plan) -> str:
    """What a preview shows: how each statement runs, and a digest of all, as there is not room for all."""
    return f"{preview.short(plan)}\nplan sha256 {sha256(plan.to_json().encode()).hexdigest()[:12]}"


def waiting_statements(plan: Plan) -> str:
    """What the `contracted` gate shows: how many statements wait, the newest, and a digest of all of them."""
    found = [
        (migration.name, statement)
        for migration in plan.migrations
        for statement in migration.statements
        if statement.after_verified
    ]
    if not found:
        return ""
    digest = sha256("\0".join(statement.sql for _, statement in found).encode()).hexdigest()[:12]
    name, newest = found[-1]
    title = shortened(newest.title)
    return f"{len(found)} after a verified release, the last of {name}\n  {title}\nsha256 {digest}"


def tell_news(plan: Plan, deployed: str, resource: pulumi.Resource) -> None:
    """Shows what will be applied, in a preview too, which shows a changed property's name alone."""
    news = preview.news(plan, deployed)
    if news:
        (pulumi.log.warn if news.refused else pulumi.log.info)(news.text, resource)
