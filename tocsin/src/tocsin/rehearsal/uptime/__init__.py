"""What Google's uptime checks do: ask from several places, look at the answer, write it down."""
