"""Real engines of PromQL as child processes: what they are given, and what they answer."""
