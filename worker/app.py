"""The Celery application of both workers: three tasks by name, and what starts and stops with a worker.

`-Q runs` makes a run worker, which never imports torch; `-Q models` makes a model worker. What a queue needs
is imported when a worker that consumes it starts, not before.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from typing import Any

from celery import Celery, signals

from telemetry.serving import begin
from worker import logs
from worker.settings import settings

log = logging.getLogger(__name__)

app = Celery("genaisys", set_as_current=False)
app.conf.update(
    broker_url=settings().broker_url,
    result_backend=None,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_default_queue="runs",
    task_routes={"runs.*": {"queue": "runs"}, "models.*": {"queue": "models"}},
    task_acks_late=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "socket_keepalive": True,
        "retry_on_timeout": True,
        "health_check_interval": 25,
        # A task is acknowledged when it begins: this only bounds how long a dead worker's unread messages are held.
        "visibility_timeout": 3600,
        "queue_order_strategy": "priority",
    },
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
)


def ring(*_: object, **__: object) -> None:
    """There may be a queued run. The row says whether there is; a doubled or lost ring changes nothing but a delay."""
    from worker.runs.loop import ring as ring_the_loop

    ring_the_loop()


def call_model(request: dict[str, Any]) -> None:
    """Passes the call on to the model's own thread; its answer is the stream `call:{id}`."""
    from worker.models import tasks

    tasks.call(request)


def fetch_model(name: str) -> None:
    """Brings a model among those on disk."""
    from worker.models import tasks

    tasks.fetch(name)


def _one_logging_set_up(**_: object) -> None:
    logs.set_up(settings().log_level)


def _start(instance: Any, **_: object) -> None:
    """Starts what the consumed queues need, before the broker answers: queued runs are found in Postgres as well."""
    try:
        _start_for(instance.app.amqp.queues)
    except Exception as error:
        # Celery would go on without what was to be started here.
        log.exception("the worker can't start")
        raise SystemExit(1) from error


def _start_for(queues: Any) -> None:
    consumed = set(queues.consume_from)
    begin("genaisys-model-worker" if "models" in consumed else "genaisys-run-worker", os.environ)
    if "runs" in consumed:
        from worker.runs import loop

        loop.start(settings())
        atexit.register(loop.stop)
    if "models" in consumed:
        from webapp.bell.sending import queue_of
        from worker.models import tasks

        # Calls that are placed with this worker come by a queue of its own.
        queues.select_add(queue_of(tasks.start()))
        atexit.register(tasks.stop)


def _begin_to_stop(**_: object) -> None:
    if loop := sys.modules.get("worker.runs.loop"):
        loop.begin_to_stop()


def _stop(**_: object) -> None:
    for name in ("worker.runs.loop", "worker.models.tasks"):
        if module := sys.modules.get(name):
            module.stop()
    if any(thread.name.startswith("compute") for thread in threading.enumerate()):
        # A thread that computes can't be interrupted, and its run is back in the queue: nobody waits for it.
        logging.shutdown()
        os._exit(0)


app.task(name="runs.ring")(ring)
app.task(name="models.call")(call_model)
app.task(name="models.fetch")(fetch_model)
signals.setup_logging.connect(_one_logging_set_up)
signals.celeryd_after_setup.connect(_start)
signals.worker_shutting_down.connect(_begin_to_stop)
signals.worker_shutdown.connect(_stop)
