"""Numbers in texts that are bound to the record: shown, and checked against it. Story: docs/explanation/prose-check.md."""
