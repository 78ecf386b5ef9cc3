"""Who deploys, and the policies that take: the least that a stack's whole life takes.

`recorded.txt` has the rights that the cloud saw being used, and official.py those that the official plugin
uses beside them; policy.py makes docs/deployer-policy.json of both. principal.py makes the deployers of a
rehearsal, who have these policies and no more.
"""
