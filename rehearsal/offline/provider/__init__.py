"""Pulumi's `aws` and `random` providers over boto3, used only where the real plugins can't be had.

    python -m rehearsal.offline.provider aws

`services/` is a table: one short entry a resource type. The rest is shared: `inputs` checks and completes
what the program says, `mapping` turns it into the arguments of API calls by botocore's models, `crud` makes
them, `observe` reads back what the API says, `diff` compares, `server` speaks to the engine.
"""
