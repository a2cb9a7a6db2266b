"""What guards the service: rate limits, lockouts, revocations, and where they are kept."""
