"""A week as a file describes it: traffic, processes, ordinary troubles, and incidents."""
