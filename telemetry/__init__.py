"""THE EYES. Metrics, traces and structured logs, for web and workers alike; imports neither, nor Django.

Nothing is loaded that isn't asked for: metrics come with the first scrape's port, traces with the `OTEL_*` variables.
"""
