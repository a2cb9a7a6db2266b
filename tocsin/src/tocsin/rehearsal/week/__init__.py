"""A service's week, rehearsed: every alarm must ring for its incidents, and for nothing else."""
