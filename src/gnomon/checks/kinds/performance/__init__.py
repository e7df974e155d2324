"""Performance: the metrics of a task with intervals, calibration, weak slices. Story: docs/explanation/performance-checks.md."""
