"""A whole team under one seed: five replicas and a remote, virtual time, and everything that can go wrong.

`python -m simulation --seeds 1000` (from `tests/`) runs many; `tests/promises/test_p24_simulation.py` a few.
"""
