"""Who is told the truth by a mean cloud."""

OBSERVER = "evenkeel-observer"
"""The application id (AWS_SDK_UA_APP_ID) of a client that only looks, such as a test's."""
