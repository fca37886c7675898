"""Reading in a process apart: cancelled with the step, bounded in time and memory, unable to take others with it."""

import asyncio
import json
import os
import sys
from pathlib import Path

from pipelines.nodes.readers.page import Limits, Page, Unreadable

_ROOT = Path(__file__).resolve().parents[3]


async def read_apart(data: bytes, name: str, media: str) -> list[Page]:
    """As `read`, without holding the loop. Raises Unreadable, also for a file that its parser doesn't survive."""
    # Of the environment only what Python needs: a parser that is led astray finds no secrets there.
    environment = {"PYTHONPATH": str(_ROOT), "PATH": os.environ.get("PATH", os.defpath), "PYTHONUTF8": "1"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pipelines.nodes.readers", _argument(name), _argument(media)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=_ROOT,
    )
    try:
        async with asyncio.timeout(Limits.SECONDS):
            output, errors = await process.communicate(data)
    except TimeoutError:
        raise Unreadable(_TOO_MUCH, _SPLIT) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise _death(process.returncode or 0, errors)
    lines = [json.loads(line) for line in output.splitlines()]
    if lines and "message" in lines[0]:
        raise Unreadable(**lines[0])
    return [Page(**line) for line in lines]


_TOO_MUCH = f"Reading the file took more than {Limits.SECONDS // 60} minutes or {Limits.MEMORY // 10**9} GB of memory."
_SPLIT = "Split it into several files, or save it anew in the program it came from."


def _argument(text: str) -> str:
    return text.replace("\0", "")[:255].encode("utf-8", "replace").decode()


def _death(code: int, errors: bytes) -> Exception:
    if b"MemoryError" in errors or code in (-9, -24):  # killed, or out of processor time
        return Unreadable(_TOO_MUCH, _SPLIT)
    if code < 0:
        return Unreadable("The file made its reader crash, so it is damaged.", _SPLIT)
    return RuntimeError(f"the reader ended with {code}: {errors.decode('utf-8', 'replace')[-2000:]}")
