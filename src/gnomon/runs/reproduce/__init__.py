"""A run made again from the record, and what came of it: identical, within the spread of its seeds, differs, or cannot run."""
