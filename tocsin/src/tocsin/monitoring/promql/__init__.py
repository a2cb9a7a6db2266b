"""PromQL as the rules here see it: read once, walked by whoever asks."""
