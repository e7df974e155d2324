"""How replicas meet: through a folder, a bucket, a Git remote, a machine with SSH. See docs/internals/sync.md."""
