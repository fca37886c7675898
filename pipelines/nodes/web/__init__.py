"""Reaching out: only where whoever runs the studio has allowed it."""
