"""Where the benches write what they found."""

from pathlib import Path

RESULTS = Path(__file__).parent / "results"
