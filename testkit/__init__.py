"""What tests and benches share: checkouts, load, people, waiting, servers. Nothing here is a test."""
