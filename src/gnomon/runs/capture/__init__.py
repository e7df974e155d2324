"""What is captured of a process by itself, and commands run under that watch."""
