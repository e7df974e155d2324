"""Simulations and timings behind the documentation of the checks."""
