"""What a running process says: logs, metrics, and who it says them of."""
