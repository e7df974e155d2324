"""Taking runs out of a record as plain files, and back in: `gnomon export`, `archive`, `import`.

An export is a folder that anybody can read (`tables`, `run_folder`, `notebook_file`, with names from `names`), and a folder
`record/` in it that is a small record of just these runs (`chosen`, `log_lines`, `points`, `packs`). `export` joins them,
`zip_file` makes one file of it, `unpack` and `take_in` read them back.
"""
