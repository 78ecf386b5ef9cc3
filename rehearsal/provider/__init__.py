"""Pulumi's `aws` and `random` providers over boto3, used only where the real plugins can't be had.

    python -m rehearsal.provider aws

`services/` is a table: one short entry a resource type. The rest is shared: `mapping` turns inputs into the arguments of API
calls with botocore's own models, `crud` calls, `wait` waits, `state` reads back, `diff` compares, `server` speaks to the engine.
"""
