"""Messages of model calls to the queues of the model workers, by Celery's documented form and without Celery."""

from __future__ import annotations

import threading
from typing import Any

from kombu import Connection

TASK, SHARED = "models.call", "models"


def queue_of(worker: str) -> str:
    """The queue that only this worker serves."""
    return f"{SHARED}.{worker}"


class Sender:
    """Blocks while it sends; usable from any thread. Raises KombuError, RedisError or OSError."""

    def __init__(self, broker_url: str) -> None:
        self._broker_url = broker_url
        self._connection: Connection | None = None
        self._sending = threading.Lock()

    def send(self, request: dict[str, Any], queue: str) -> None:
        headers = {
            "lang": "py",
            "task": TASK,
            "id": request["id"],
            "root_id": request["id"],
            "parent_id": None,
            "group": None,
            "retries": 0,
            "eta": None,
            "expires": None,
            "ignore_result": True,
        }
        body = [[request], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
        with self._sending:
            if self._connection is None:
                self._connection = Connection(
                    self._broker_url,
                    transport_options={"socket_connect_timeout": 3.0, "socket_timeout": 5.0, "max_retries": 1},
                )
            with self._connection.Producer(serializer="json") as producer:
                producer.publish(
                    body,
                    exchange="",
                    routing_key=queue,
                    headers=headers,
                    correlation_id=request["id"],
                    retry=True,
                    retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.3},
                )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.release()
