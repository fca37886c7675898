"""Telling the workers that there is something to do. A message is only a bell: Postgres knows what there is.

Bells are rung by one thread, so that a request never waits for a broker, and rings that come while one is on its way
are one ring. A ring that fails is lost on purpose: the workers look for themselves as well.
"""

import logging
import queue
import threading
import time
from typing import Any

from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerError
from redis import Redis
from redis.exceptions import RedisError, ResponseError

log = logging.getLogger(__name__)

RING_RUNS = ("runs.ring", "runs", ())
UNREACHABLE = (BrokerError, RedisError, OSError)
# After a failure the broker is left alone for this long, in seconds.
PAUSE = 1.0
# Seconds a run's stream is kept once it has ended; Postgres has its log.
KEPT_AFTER_END = 3600


def make_app(broker_url: str) -> Celery:
    """A Celery that only sends, and gives up within seconds."""
    made = Celery("genaisys-web", set_as_current=False)
    made.conf.update(
        broker_url=broker_url,
        result_backend=None,
        task_ignore_result=True,
        broker_pool_limit=2,
        broker_connection_timeout=1.0,
        broker_transport_options={
            "socket_connect_timeout": 1.0,
            "socket_timeout": 2.0,
            "max_retries": 1,
            "interval_start": 0.0,
            "interval_max": 0.1,
        },
    )
    return made


app = make_app(settings.BROKER_URL)


def ring_runs() -> None:
    """There may be a queued run. Never raises, never waits."""
    _bells.put(RING_RUNS)


def ring_cancel(run: object) -> None:
    """The run's `cancel_requested` is set. Never raises, never waits."""
    _bells.put(("publish", "runs:cancel", (str(run),)))


def ring_step_cancel(run: object, node: str) -> None:
    """The node stands in the run's `cancel_steps`. Never raises, never waits."""
    _bells.put(("publish", "runs:cancel", (f"{run} {node}",)))


def append_end(run: object, name: str, event: str) -> None:
    """Those who watch the run hear of its end, which Postgres has already. Never raises, never waits."""
    _bells.put(("append", f"run:{run}:log", (name, event)))


def tell(task: str, to: str, *args: Any) -> bool:
    """Sends one task now, within two seconds or so; False when the broker is out of reach."""
    try:
        app.send_task(task, args=args, queue=to, retry=False, ignore_result=True)
    except UNREACHABLE as error:
        log.warning("The broker does not answer, so %s was not sent: %s", task, error)
        return False
    return True


def connect(**options: Any) -> "Redis":
    """A client of the broker for small questions, which answers or fails within a second."""
    return Redis.from_url(settings.BROKER_URL, socket_connect_timeout=1.0, socket_timeout=1.0, **options)


class Bells:
    """The thread that rings, started by the first bell."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[str, str, tuple[Any, ...]]] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._redis: Redis | None = None

    def put(self, bell: tuple[str, str, tuple[Any, ...]]) -> None:
        self._waiting.put(bell)
        if self._thread is None or not self._thread.is_alive():
            with self._starting:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._work, name="bells", daemon=True)
                    self._thread.start()

    def _work(self) -> None:
        while True:
            bells = dict.fromkeys([self._waiting.get(), *self._drain()])
            if not all(self._ring(*bell) for bell in bells):
                time.sleep(PAUSE)

    def _drain(self) -> list[tuple[str, str, tuple[Any, ...]]]:
        return [self._waiting.get_nowait() for _ in range(self._waiting.qsize())]

    def _ring(self, what: str, where: str, args: tuple[Any, ...]) -> bool:
        if what not in ("publish", "append"):
            return tell(what, where, *args)
        try:
            self._redis = self._redis or connect()
            if what == "publish":
                self._redis.publish(where, args[0])
            else:
                self._redis.xadd(where, {"e": args[1]}, id=args[0])
                self._redis.expire(where, KEPT_AFTER_END)
        except ResponseError as error:
            log.info("The end of %s is there already: %s", where, error)
        except UNREACHABLE as error:
            log.warning("The broker does not answer, so a cancel goes by the database alone: %s", error)
            return False
        return True


_bells = Bells()
