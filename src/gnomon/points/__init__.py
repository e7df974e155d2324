"""Points: the live WAL, sealed segments, and the questions asked of both."""
