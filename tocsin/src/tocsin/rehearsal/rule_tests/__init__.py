"""Cases beside each threshold, judged by promtool, and rules made wrong to see who notices."""
