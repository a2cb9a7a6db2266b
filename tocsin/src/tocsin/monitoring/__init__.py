"""What a service declares to be watched by: metrics, alarms, panels, runbooks, and their checks."""
