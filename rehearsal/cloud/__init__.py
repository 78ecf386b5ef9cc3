"""The rehearsal cloud: moto answers the AWS API, and a body stands behind each resource that has to be real.

`python -m rehearsal.cloud --port 4577 --state DIR` runs it in the foreground.
"""

import os

# moto reads these when it is imported, so they are set before anything in this package can import it.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # images.py registers the one that is used
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"  # no web page may read an answer
