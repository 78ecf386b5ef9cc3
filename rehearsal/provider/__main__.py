"""Serves a provider as the engine starts its plugins: `python -m rehearsal.provider aws ENGINE_ADDRESS`."""

import argparse

from rehearsal.provider.aws import Aws
from rehearsal.provider.random import Random
from rehearsal.provider.server import serve

PROVIDERS: dict[str, type[Aws] | type[Random]] = {"aws": Aws, "random": Random}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.provider", description=__doc__)
    parser.add_argument("provider", choices=PROVIDERS)
    parser.add_argument("engine", help="the engine's address")
    arguments, _ = parser.parse_known_args()  # The engine passes its logging flags along.
    serve(PROVIDERS[arguments.provider](), arguments.engine)


if __name__ == "__main__":
    main()
