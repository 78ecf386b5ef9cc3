"""Checks of a stack that Evenkeel deployed, as a pytest plugin, and testinfra's transport `aws-ssm`."""
