"""Models: what is on disk, how it gets there, and how it is served."""
