"""Nodes that wait for a person or for a time, without holding a worker."""
