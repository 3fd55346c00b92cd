"""Real database servers for tests: throw-away, on this machine only."""
