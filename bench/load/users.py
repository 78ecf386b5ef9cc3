"""The load's users: one of each church, with a session of the app's own and with what is on the screen."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.load.stores import BenchStores
from testkit.person import Person

SEEN = 20
"""Conversations and members of a church that its users open and write to: the newest ones."""
DEMO = "demo@evenkeel.example"  # the seed's; its password's hash is everybody's here
ACCOUNTS = f"""
    INSERT INTO "User" (id, "churchId", email, "passwordHash")
    SELECT gen_random_uuid(), church.id, 'user-' || church.id || '@church.example', demo."passwordHash"
    FROM "Church" AS church, "User" AS demo WHERE demo.email = '{DEMO}'"""
USERS = f"""
    SELECT "User".email,
      ARRAY(SELECT id::text FROM "Member" WHERE "churchId" = church.id AND "optInSms"
            ORDER BY "createdAt" DESC LIMIT {SEEN}),
      ARRAY(SELECT id::text FROM "Conversation" WHERE "churchId" = church.id
            ORDER BY "createdAt" DESC LIMIT {SEEN})
    FROM "Church" AS church JOIN "User" ON "churchId" = church.id AND email <> '{DEMO}'
    ORDER BY (SELECT count(*) FROM "Member" WHERE "churchId" = church.id) DESC"""


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchUser:
    """Someone of a church's staff. `members` have opted in; both are ids."""

    email: str
    cookie: str
    members: list[str]
    conversations: list[str]


def log_in(stores: BenchStores, url: str, password: str) -> list[BenchUser]:
    """Accounts and sessions, the largest church first. The sessions outlast the app that made them."""
    stores.rows(ACCOUNTS)
    found = stores.rows(USERS)
    with ThreadPoolExecutor(4) as several:  # as many as node's thread pool derives keys at once
        people = list(several.map(lambda row: Person(url, email=row[0], password=password).log_in(), found))
    return [
        BenchUser(email=email, cookie=person.cookie, members=members, conversations=conversations)
        for person, (email, members, conversations) in zip(people, found, strict=True)
    ]


def write(users: list[BenchUser], target: Path) -> None:
    """For users.js."""
    target.write_text(json.dumps([asdict(user) for user in users]))
