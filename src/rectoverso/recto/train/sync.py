"""The processes of one run, as ``torchrun`` starts them: who they are and what they tell each other.

Every process has the same weights and runs the same loop; each sees its part of every batch. They exchange gradients,
losses and what else a turn says, statistics of the batch (`mean_of`; batch norm's by `shared_norms`) and the time: the
clock is the first process's, so all of them take the same decisions at the same image. Only the first one writes. A
single process has nothing to exchange, and none of this does anything.

Each call here that exchanges raises ProcessLost when another process is gone.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

# Read before any group is open: its functions keep the group that is open when they are first read (by an optimiser, as
# a rule), and a group that is kept still has threads when the interpreter ends, which now and then aborts the process.
import torch.distributed.nn.functional
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from rectoverso.errors import ProcessLost
from rectoverso.recto.train.watch import Watch

PATIENCE = timedelta(hours=1)
"""How long an exchange may take. Long, for it also waits while the first process shows and saves; a process that died
is noticed by its closed connections, a silent one by the `Watch`.
"""


def is_launched() -> bool:
    """Whether this process is one of several that were started together."""
    return "RANK" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def rank() -> int:
    """The number of this process in its group, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def processes() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def expected_processes() -> int:
    """How many processes the run has; known before the group is open."""
    return int(os.environ["WORLD_SIZE"]) if is_launched() else processes()


def is_first() -> bool:
    """Whether this is the process that writes and speaks; known before the group is open."""
    return not is_launched() or int(os.environ["RANK"]) == 0


def local_processes() -> int:
    """How many processes of the run share this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", str(processes()))) if dist.is_initialized() else 1


@contextmanager
def together(*, on_cuda: bool) -> Iterator[None]:
    """Open the group that this process was started in, and leave it at the end."""
    if not is_launched() or dist.is_initialized():
        yield
        return
    os.environ.setdefault("TORCH_NCCL_BLOCKING_WAIT", "1")  # a lost process is then an error, not an abort
    with _told_of_the_end():
        store, number, size = _store()
        watch = Watch(store, number, size)
        _exchange(
            lambda: dist.init_process_group(
                "cpu:gloo,cuda:nccl" if on_cuda else "gloo",
                store=PrefixStore("group", store),
                rank=number,
                world_size=size,
                timeout=PATIENCE,
            )
        )
        try:
            with watch:
                yield
                wait()
        finally:
            dist.destroy_process_group()


def wait() -> None:
    """Until all processes are here."""
    if dist.is_initialized():
        _exchange(lambda: dist.all_reduce(torch.zeros(1)))


def average_gradients(module: nn.Module) -> None:
    """Replace each gradient by its mean over the processes, in one exchange of all laid end to end."""
    if not dist.is_initialized():
        return
    gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    _exchange(lambda: dist.all_reduce(flat))
    flat /= dist.get_world_size()
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, mean in zip(gradients, parts, strict=True):
        gradient.copy_(mean.view_as(gradient))


def average_values(values: Mapping[str, float]) -> dict[str, float]:
    """The mean over the processes of numbers that each has under the same names."""
    if not dist.is_initialized() or not values:
        return dict(values)
    mean = torch.tensor(list(values.values()), dtype=torch.float64)
    _exchange(lambda: dist.all_reduce(mean))
    return dict(zip(values, (mean / dist.get_world_size()).tolist(), strict=True))


def gathered(x_N: Tensor) -> Tensor:
    """The rows of all processes, in their order; no gradient goes through."""
    if not dist.is_initialized():
        return x_N
    parts = [torch.empty_like(x_N, memory_format=torch.contiguous_format) for _ in range(processes())]
    _exchange(lambda: dist.all_gather(parts, x_N.contiguous()))
    return torch.cat(parts)


def shared(clock: Callable[[], float]) -> Callable[[], float]:
    """The first process's clock; every process must look at it as often as the others."""
    if not dist.is_initialized():
        return clock

    def look() -> float:
        now = torch.tensor([clock()], dtype=torch.float64)
        _exchange(lambda: dist.broadcast(now, 0))
        return float(now)

    return look


class _Sum(torch.autograd.Function):
    """The sum of a tensor over the processes; the gradients that come back to it are summed as well."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: ARG004 - torch's signature
        total = x.clone(memory_format=torch.contiguous_format)
        _exchange(lambda: dist.all_reduce(total))
        return total

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:  # noqa: ARG004
        total: Tensor = _Sum.apply(slopes[0])  # type: ignore[no-untyped-call]
        return total


def mean_of(x: Tensor) -> Tensor:
    """The mean of a tensor over the processes, differentiable any number of times, for statistics of the batch."""
    if not dist.is_initialized():
        return x
    total: Tensor = _Sum.apply(x)  # type: ignore[no-untyped-call]
    return total / processes()


def _exchange(act: Callable[[], object]) -> None:
    try:
        act()
    except RuntimeError as error:
        raise lost(error) from error


def lost(reason: object) -> ProcessLost:
    """The error for a group that is no more; from here on nothing interrupts saying so."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    first_line = str(reason).partition("\n")[0]
    words = re.sub(r"^\[[^]]*\]\s*", "", first_line).partition(". ")[0]  # without torch's file and line
    return ProcessLost(system=words)


def _store() -> tuple[Store, int, int]:
    """The noticeboard of the group, this process's number and their number."""
    found: list[tuple[Store, int, int]] = []
    _exchange(lambda: found.append(next(rendezvous("env://", timeout=timedelta(minutes=1)))))
    return found[0]


@contextmanager
def _told_of_the_end() -> Iterator[None]:
    """When one process dies, the launcher ends the others: let that be an error in words, not a silent death."""

    def end(*_: object) -> None:
        raise lost("SIGTERM")

    before = None
    with contextlib.suppress(ValueError):  # only the main thread may
        before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if before is not None and signal.getsignal(signal.SIGTERM) is end:
            signal.signal(signal.SIGTERM, before)
