"""Members of the team: who they are, when they work and are away, and what follows. Story: docs/internals/team.md."""
