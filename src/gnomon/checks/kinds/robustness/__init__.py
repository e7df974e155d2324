"""How much a model loses on rows that are noisy, incomplete, or of one kind only."""
