"""What a run writes down by itself: the machine, the interpreter, the environment, and how busy they were."""
