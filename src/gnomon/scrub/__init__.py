"""The scrubber: keeps secrets out of what Gnomon captures by itself, before the first write."""
