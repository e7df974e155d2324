"""From a run to a folder and a command that make it again. Starts nothing of the run's own."""
