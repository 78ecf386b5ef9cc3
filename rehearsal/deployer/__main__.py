"""`python -m rehearsal.deployer`: makes docs/deployer-policy.json.

The rights that this rehearsal's deployers used, or lacked, are added to those that were recorded before.
"""

import json

from rehearsal.cloud.iam.users import RECORD
from rehearsal.deployer import official, policy
from rehearsal.deployer.right import General
from rehearsal.deployer.table import RECORDED, recorded
from rehearsal.engine import environment
from stacks import deployer_policy


def main() -> None:
    """Writes both files."""
    seen = environment.of_project().state / RECORD
    rights = set(recorded())
    if seen.exists():
        rights |= {General.parse(line) for line in seen.read_text().splitlines()}
    RECORDED.write_text("".join(f"{right}\n" for right in sorted(rights)))
    deployer_policy.FILE.write_text(generated())


def generated() -> str:
    """What docs/deployer-policy.json has to be."""
    seen = recorded()
    return json.dumps(policy.documents([*seen, *official.rights(seen)]), indent=2) + "\n"


if __name__ == "__main__":
    main()
