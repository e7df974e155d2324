"""Groups of seeds: runs of one configuration that differ in their seed, shown and compared as one."""
