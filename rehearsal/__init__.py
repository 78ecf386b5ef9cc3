"""A local cloud that answers the AWS API, and the stacks deployed in it: `python -m rehearsal up`."""
