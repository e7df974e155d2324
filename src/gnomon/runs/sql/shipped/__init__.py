"""The SQL views that other engines read a record with, from its plain files: `gnomon sql --view`. Start at `views`."""
