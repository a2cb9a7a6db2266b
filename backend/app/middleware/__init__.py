"""What stands before every endpoint: headers, limits."""
