"""The applications, one module per family, so that a process imports only its own."""
