"""The run worker: claims runs from Postgres, carries them out on one asyncio loop, writes what happened."""
