"""The command line: asks and shows. Data goes to stdout, talk to stderr; see docs/reference/cli.md."""
