"""Small asks of many runs put together: while one batch is on its way, the next one gathers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


class Gathering(Generic[Ask, Answer]):
    """`one(ask)` is answered by a call of `do` with that ask and those that came meanwhile, at most `most` together.

    An error of `do` is raised in each of them. Nothing waits for company: an ask that comes alone goes at once.
    """

    def __init__(
        self, do: Callable[[Sequence[Ask]], Awaitable[Sequence[Answer]]], *, most: int, at_once: int = 1
    ) -> None:
        self._do = do
        self._most = most
        self._free = at_once
        self._waiting: list[tuple[Ask, asyncio.Future[Answer]]] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def one(self, ask: Ask) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, answer))
        if self._free:
            self._free -= 1
            task = asyncio.get_running_loop().create_task(self._work())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._answer([each for each in batch if not each[1].done()])
        finally:
            self._free += 1

    async def _answer(self, batch: Sequence[tuple[Ask, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._do([ask for ask, _ in batch]) if batch else ()
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
