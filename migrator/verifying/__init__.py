"""What the indexes are worth: promised ones are there, named queries use them, others are findings."""
