"""School traffic against a running Vividly: what a morning looks like from outside.

It speaks HTTP only and imports nothing of the service, so it sees what a client sees.
"""
