"""Measurements, as ratios within one run; each is one command and writes JSON into `bench/results/`."""
