"""Who else can explain a thing: opt-in, and told of the thing. Story: docs/internals/team.md, "Who can explain"."""
