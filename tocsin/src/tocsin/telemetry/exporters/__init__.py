"""Ways out of the process; each is an extra, and imports its libraries only when it is made."""
