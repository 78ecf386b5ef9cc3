"""What a server does at boot and when it leaves: the files that go onto it, and its user data."""
