"""Judges a call of the AWS API as AWS would, before moto sees it.

What AWS demands is read from sources that this project did not write: botocore's service models (models.py),
CloudFormation's resource schemas (schemas.py) and the grammar of policies (grammar.py) as the cfn-lint
package has them, and for what none of these holds, single pages of AWS's documentation (documented/). The
judge itself needs neither a cloud nor Pulumi; front.py and requests.py put it before moto.
"""
