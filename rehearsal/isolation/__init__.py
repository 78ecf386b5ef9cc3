"""Runs a program apart from this machine: with files, users and processes of its own, and few rights."""
