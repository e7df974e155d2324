"""Memory of what was tried: earlier runs whose configuration is equal to one in question, or close to it."""
