"""A batch on many machines: each job is a task of a Dask cluster, done by the worker processes of who gets it.

No file system need be shared: a task carries the bytes of files that only this machine has, and brings back those that
only this machine can write; what URLs name is read and written by the worker. The scheduler gives the tasks of a worker
that is lost to another one, and each task has one result.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import platform
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mgeconvert.errors import BadInputError, MgeconvertError, MissingDependencyError, UsageError
from mgeconvert.version import VERSION

from .job import Job
from .parcel import Delivery, Parcel, deliver, pack, perform
from .pool import Crew, Limits, Result
from .urls import PATTERN

PATIENCE = 10.0
"""Seconds in which a scheduler must answer."""
LONELY = 30.0
"""Seconds that a batch waits for a worker when there is none."""
STEP = 1.0
"""Seconds between two looks at the cluster."""
AHEAD = 2
"""Tasks that are given out for each thread of the cluster: one that runs and one that waits beside it."""


class ClusterError(MgeconvertError):
    """A scheduler that cannot be reached, or has no workers that could do what is asked."""


def versions() -> dict[str, str]:
    """What must be the same on every machine."""
    import distributed

    return {"mgeconvert": VERSION, "distributed": distributed.__version__, "Python": _python()}


def work(parcel: Parcel, limits: Limits) -> Delivery:
    """What a worker does with a task."""
    if parcel.version != VERSION:
        raise ClusterError(f"the worker has mgeconvert {VERSION}, this is {parcel.version}")
    return perform(parcel, _crew(limits))


@functools.cache
def _crew(limits: Limits) -> Crew:
    """The processes of this worker; they end with it."""
    return Crew(limits)


@contextlib.contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler at that address, all of whose workers have our versions."""
    match = PATTERN.fullmatch(address)
    if match is None or not match[2].rpartition(":")[2].isdecimal():
        raise UsageError(f"--dask {address}: is no address of a scheduler", hint="--dask tcp://HOST:8786")
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise MissingDependencyError(
            "--dask needs Dask, which is not installed", hint='pip install "distributed>=2024.8"'
        ) from error
    quiet = {"distributed.admin.large-graph-warning-threshold": "1TB", "distributed.comm.timeouts.connect": PATIENCE}
    with _unsaid(), dask.config.set(quiet):
        try:
            asyncio.run(asyncio.wait_for(_answering(address), PATIENCE))
            client = Client(address, timeout=PATIENCE)
        except (OSError, asyncio.TimeoutError, ValueError) as error:
            raise ClusterError(
                f"{address}: no Dask scheduler answers there within {PATIENCE:g} s",
                hint="start one with `dask scheduler`",
            ) from error
        try:
            _check(client, address)
            yield client
        finally:
            client.close()


def run(
    client: Any, jobs: Sequence[Job], limits: Limits, most: int | None, begun: Callable[[Job], None]
) -> Iterator[Result]:
    """Do the jobs, at most so many at a time (None: as many as the cluster has threads); results come as they are done,
    with their files written. ClusterError where the scheduler or all workers are lost."""
    pending, running = deque(jobs), dict[Any, Job]()
    seen = time.monotonic()
    try:
        while pending or running:
            threads = sum(client.nthreads().values()) if client.status == "running" else 0
            seen = time.monotonic() if threads else seen
            if client.status != "running" or time.monotonic() - seen > LONELY:
                raise _lost(client)
            while pending and len(running) < (most or AHEAD * threads):
                job = pending.popleft()
                begun(job)
                try:
                    running[client.submit(work, pack(job), limits, pure=False)] = job
                except BadInputError as error:
                    yield Result(job, "error", error.message)
            for future in _done(running):
                yield _result(client, future, running.pop(future))
    finally:
        if client.status == "running":
            client.cancel(list(running))


def _done(running: dict[Any, Job]) -> list[Any]:
    """The tasks that are done, waiting for one for a moment."""
    from distributed import wait

    if running:
        with contextlib.suppress(TimeoutError):
            wait(list(running), timeout=STEP, return_when="FIRST_COMPLETED")
    else:
        time.sleep(STEP)
    return [future for future in running if future.done()]


def _result(client: Any, future: Any, job: Job) -> Result:
    from distributed import KilledWorker

    if future.status == "cancelled":
        raise _lost(client)
    error = future.exception()
    if isinstance(error, KilledWorker):
        return Result(job, "died", "the Dask workers that had it died, one after the other")
    if error is not None:
        return Result(job, "error", str(error) or type(error).__name__)
    delivery: Delivery = future.result()
    future.release()
    try:
        return deliver(delivery)
    except MgeconvertError as failure:
        return Result(job, "error", failure.message)


async def _answering(address: str) -> None:
    """Ask who is there: a client of Dask waits without end for one that takes the connection and says nothing."""
    from distributed.core import rpc
    from distributed.security import Security

    async with rpc(address, connection_args=Security().get_connection_args("client")) as scheduler:
        kind = (await scheduler.identity())["type"]
    if kind != "Scheduler":
        raise ValueError(kind)


def _check(client: Any, address: str) -> None:
    """ClusterError unless there are workers, and all are as this process is."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        raise ClusterError(
            f"{address}: the scheduler has no worker", hint=f"start some with `dask worker {address}`"
        ) from error
    mine = versions()
    for worker, found in sorted(client.run(versions, on_error="return").items()):
        if isinstance(found, BaseException):
            raise ClusterError(
                f"{address}: the worker {worker} has no mgeconvert with `batch --dask`: {found}",
                hint="install the same version there",
            ) from found
        for name, version in mine.items():
            if found.get(name) != version:
                raise ClusterError(
                    f"{address}: the worker {worker} has {name} {found.get(name)}, this is {version}",
                    hint="install the same versions on every machine",
                )


def _lost(client: Any) -> ClusterError:
    address = client.scheduler.address if client.scheduler is not None else "the cluster"
    what = "all its workers are lost" if client.status == "running" else "the scheduler is lost"
    return ClusterError(f"{address}: {what}", hint="the same command again goes on with what is not done")


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])


@contextlib.contextmanager
def _unsaid() -> Iterator[None]:
    """Dask's own lines about lost connections, which become errors of ours, are not printed."""
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado.application")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
