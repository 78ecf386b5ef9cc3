"""Serves a provider to the engine: `python -m rehearsal.offline.provider aws ENGINE_ADDRESS`."""

import argparse
from importlib import import_module

from rehearsal.offline.provider.server import serve

PROVIDERS = {"aws": "Aws", "random": "Random"}
"""Module and class of each. Only the one that is served is imported: boto3 takes as long as all the rest."""


def main() -> None:
    """Serves until the engine interrupts it, or ends itself."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.offline.provider", description=__doc__)
    parser.add_argument("provider", choices=PROVIDERS)
    parser.add_argument("engine", help="the engine's address")
    arguments, _ = parser.parse_known_args()  # The engine passes its logging flags along.
    module = import_module(f"rehearsal.offline.provider.{arguments.provider}")
    serve(getattr(module, PROVIDERS[arguments.provider])(), arguments.engine)


if __name__ == "__main__":
    main()
