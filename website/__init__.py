"""The documentation's site: what `make docs` does besides MkDocs."""
