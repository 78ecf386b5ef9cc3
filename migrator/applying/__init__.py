"""The runner's side: guards, locks, and each statement the way the plan says."""
