"""Why do two runs differ? Parts of one swapped for those of the other, and what each did to a metric."""
