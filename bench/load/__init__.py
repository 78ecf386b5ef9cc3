"""What each part of the workload buys: the app as it was, with one part at a time, and whole, in one run."""
