"""Which parameters matter for a metric, as far as these runs can say. Story: docs/explanation/parameter-importance.md."""
