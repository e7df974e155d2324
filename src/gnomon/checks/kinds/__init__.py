"""The checks themselves, a folder each. `gnomon.checks` has their functions, so no folder of it may have the name of one."""
