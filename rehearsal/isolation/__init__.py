"""Runs a program apart from this machine: what it sees of files, users, processes and rights."""
