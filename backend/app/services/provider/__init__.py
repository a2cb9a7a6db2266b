"""Where lessons come from: the provider's contract, and the small real one that ships with us."""
