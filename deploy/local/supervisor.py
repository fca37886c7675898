"""`make run`: starts the whole studio, keeps it running, and ends all of it in good order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from deploy.local import health, logs, port, process
from deploy.local.child import CannotStart, kill, live_with_parent, spawn
from deploy.local.console import Console, complain
from deploy.local.frontend import Build
from deploy.local.home import ROOT, Home, require_space
from deploy.local.postgres import Postgres
from deploy.local.preparation import Preparation, hash_of
from deploy.local.reachable import require_server
from deploy.local.valkey import Valkey
from deploy.local.watch import Service, Watch

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked us to end: Ctrl-C, SIGTERM, or the terminal has gone."""


def run(home: Home, console: Console) -> int:
    """Serve until told to stop; gives the exit status. Raises CannotStart when somebody else has this home."""
    home.take()
    for number in _ENDS:
        signal.signal(number, _stop_now)
    if "MAKELEVEL" in os.environ:
        live_with_parent(signal.SIGTERM)  # whoever kills make -9 means all of it
    studio = Studio(home, console)
    try:
        studio.start()
        studio.keep()
    except Stopped:
        console.say("Stopping …")
        return 0
    except CannotStart as error:
        complain(str(error))
        return 1
    finally:
        studio.stop()


def _stop_now(number: int, frame: FrameType | None) -> NoReturn:
    # Signals of an end come in company: a terminal that goes sends one, and make passes on another.
    for each in _ENDS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


class Studio:
    """Everything `make run` runs, over one home."""

    def __init__(self, home: Home, console: Console) -> None:
        self.home = home
        self.console = console
        self.port = port.asked()
        self.url = f"http://{port.HOST}:{self.port}"
        self._began = time.monotonic()
        self._stores: list[Postgres | Valkey] = []
        self._ours: list[process.Process] = []
        self._passing: list[subprocess.Popen[bytes]] = []
        self._build = Build(home)
        self._follower = logs.Follower(home.logs) if console.verbose else None

    # --- start --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Come up and print the sign-in link. Raises CannotStart."""
        require_space(self.home.folder, 300, "the studio's state")
        after_a_crash = (self.home.folder / "run.json").exists()
        self._listening = port.listen(self.port, patience=5.0 if after_a_crash else 0.0)
        self._build.poll()  # goes on beside the other steps
        env = self._start_stores()
        preparation = Preparation(self.home, env)
        self._passing.append(preparation.child)
        self._fetch_models(env)
        self._finish_build()
        if preparation.needed:
            link, seconds = preparation.finish()
            self.console.done("Database up to date", seconds)
            self._start_ours(env)
        else:
            self._start_ours(env)
            link, _ = preparation.finish()
        self._serve(env, link)

    def _start_stores(self) -> dict[str, str]:
        database, broker = os.environ.get("DATABASE_URL"), os.environ.get("BROKER_URL")
        if database:
            require_server(database, 5432, "DATABASE_URL", "Postgres")
        else:
            database = self._start_store(Postgres(self.home.folder, log=self.home.log("postgres")))
        if broker:
            require_server(broker, 6379, "BROKER_URL", "Valkey")
        else:
            broker = self._start_store(Valkey(self.home.folder, log=self.home.log("valkey")))
        return process.environment(self.home, database=database, broker=broker, port=self.port)

    def _start_store(self, store: Postgres | Valkey) -> str:
        self._stores.append(store)
        with self.console.step(f"Starting {store.title}", f"{store.title} ready"):
            store.start()
        return store.url

    def _fetch_models(self, env: dict[str, str]) -> None:
        """In the foreground, with its own progress bar; it goes on where an earlier start was stopped."""
        version = env["GENAISYS_MODELS"] + " " + hash_of(["worker/models/starters/*.py"])
        if self.home.stamped("models", version) and Path(env["GENAISYS_MODELS"]).is_dir():
            return
        began = time.monotonic()
        child = spawn([sys.executable, "-m", "worker", "models", "fetch"], output=None, env=env, cwd=ROOT)
        self._passing.append(child)
        while (code := child.poll()) is None:
            self._build.poll()
            time.sleep(0.05)
        if code:
            raise CannotStart(
                "The starter models are not here yet, for the reason above; a new start goes on where this one ended."
            )
        self.home.stamp("models", version)
        self.console.done("Starter models ready", time.monotonic() - began)

    def _finish_build(self) -> None:
        if self._build.needed:
            with self.console.step("Building the front end", "Front end built"):
                while not self._build.poll():
                    time.sleep(0.05)

    def _start_ours(self, env: dict[str, str]) -> None:
        listening = self._listening.fileno()
        self._ours = [
            process.web(self.home, env, listening),
            process.run_worker(self.home, env),
            process.model_worker(self.home, env),
        ]
        for ours in self._ours[:2]:
            ours.start()

    def _serve(self, env: dict[str, str], link: str) -> None:
        with self.console.step("Starting the web server and the run worker", "Web server and run worker ready"):
            health.wait_for_web(self.port, self._ours[0])
            health.wait_for_a_run_worker(self.port, seconds=10.0)
        self._ours[2].start()  # nobody waits for it to see the first page, and the cores are busy until then
        addresses = {"database_url": env["DATABASE_URL"], "broker_url": env["BROKER_URL"]}
        self.home.publish({"url": self.url, "pid": os.getpid(), **addresses})
        self.home.note("serving", self.url)
        took = time.monotonic() - self._began
        self.console.say(f"GenAISys Studio serves on {self.url} after {took:.1f} s. Ctrl-C stops it.")
        self.console.say(f"Sign in: {self.url}{link}")

    # --- keep ---------------------------------------------------------------------------------------------------------

    def keep(self) -> NoReturn:
        """Watch until a signal ends it."""
        services: list[Service] = [*self._stores, *self._ours]
        watches = [Watch(service, self.console) for service in services]
        rotate_at = 0.0
        while True:
            for watch in watches:
                watch.look()
            if self._follower:
                self._follower.look()
            if time.monotonic() > rotate_at:
                logs.rotate(self.home.logs)
                rotate_at = time.monotonic() + 10.0
            time.sleep(0.2)

    # --- stop ---------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End every process: ours together, so that workers finish their step meanwhile, then what they stand on."""
        signal.signal(signal.SIGINT, self._hurry)
        self.home.note("stopping")
        self.home.withdraw()
        self._build.stop()
        for child in self._passing:
            kill(child)
        for ours in self._ours:
            if ours.child is not None and ours.child.poll() is None:
                ours.child.send_signal(signal.SIGTERM)
        for service in [*self._ours, *reversed(self._stores)]:
            service.stop()

    def _hurry(self, number: int, frame: FrameType | None) -> None:
        """A second Ctrl-C: nothing is waited for. What was committed stays committed."""
        for ours in self._ours:
            if ours.child is not None and ours.child.poll() is None:
                os.killpg(ours.child.pid, signal.SIGKILL)
