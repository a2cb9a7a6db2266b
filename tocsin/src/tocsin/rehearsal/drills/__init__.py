"""Live drills: each incident is caused for real, and its alarm followed until it clears."""
