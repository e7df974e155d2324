"""What people of a team write to each other across time zones. Story: docs/internals/team.md."""
