"""The Pulumi CLI: found on PATH, else downloaded or built, with the plugins that it needs."""
