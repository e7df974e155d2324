"""Objects: bytes named by their BLAKE3 digest, kept in packs; trees that name the files of a folder."""
