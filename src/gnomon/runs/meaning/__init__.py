"""Search by meaning: texts that are near what was asked, whatever their words. An extra: `gnomon[meaning]`."""
