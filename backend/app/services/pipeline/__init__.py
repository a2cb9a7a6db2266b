"""How a request becomes a lesson: stages in their order, each with its retries and its limits."""
