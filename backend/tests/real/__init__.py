"""Real servers for tests: started on free ports of this machine, stopped by their pid."""
