"""What this machine is, and how to set torch up for it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import torch

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.recto.systems.recipe import Precision, Recipe
from rectoverso.types import Message

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # from malloc.h
_FAST_BFLOAT16 = ("avx512_bf16", "amx_bf16")


def physical_cores() -> int:
    """Cores that this process may use, hyper-threads counted once."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    return max(1, len({_core_of(cpu) for cpu in allowed}))


def _core_of(cpu: int) -> str:
    try:
        return Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text()
    except OSError:
        return str(cpu)


def device_of(recipe: Recipe) -> torch.device:
    """Where a run computes: ``auto`` is a CUDA device when there is one; each process of a machine has its own.

    Raises BadSetting when CUDA is asked for and not there.
    """
    has_cuda = recipe.device != "cpu" and torch.cuda.is_available()
    if not has_cuda and recipe.device == "cuda":
        facts: dict[str, object] = {"setting": "device"}
        reason, advice = (Phrase(Message(f"train.no_cuda.{part}", facts)) for part in ("reason", "advice"))
        raise BadSetting(setting="device", reason=reason, advice=advice)
    if not has_cuda:
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())


def seed(device: torch.device, number: int) -> None:
    """Seed what is drawn on this device from torch's global generators.

    `torch.manual_seed` does that for every kind of device there is and, where one is not in use yet, keeps who asked:
    some milliseconds a call, as long as a small network takes for the whole of a phase.
    """
    torch.default_generator.manual_seed(number)
    if device.type == "cuda":
        torch.cuda.manual_seed_all(number)


def resolve(precision: Precision, device: torch.device | None = None) -> Precision:
    """``auto`` becomes bfloat16 where the processor multiplies it natively, else float32."""
    if precision != "auto":
        return precision
    if device is not None and device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    return "bfloat16" if any(flag in cpu_fact("flags").split() for flag in _FAST_BFLOAT16) else "float32"


def autocast(precision: Precision, device: torch.device | None = None) -> torch.autocast:
    """Networks compute in bfloat16 inside this context; weights, logits and losses stay float32."""
    kind = device.type if device is not None else "cpu"
    return torch.autocast(kind, torch.bfloat16, enabled=precision == "bfloat16")


def repeat_exactly(device: torch.device) -> None:
    """Have this device compute the same bits whenever it computes the same, as a CPU does."""
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(mode=True)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread: for little work no slower, and its sums do not depend on the number of cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_freed_memory() -> None:
    """Let the allocator keep what a turn frees for the next turn, instead of giving it back to the system.

    Fresh pages must be zeroed by the kernel; for tensors of a few megabytes, freed and asked for again every turn,
    that is 10 to 20% of the time. One arena for all threads, because those of other threads give back what exceeds 64
    MB; a thread that is already there keeps its own. Only glibc is told; other allocators have their own ways.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_MMAP_THRESHOLD, 32 * 2**20)  # the most that glibc accepts
        libc.mallopt(_TRIM_THRESHOLD, 2**30)
        libc.mallopt(_ARENA_MAX, 1)


def describe() -> str:
    """The machine in a few words, for the card of a run."""
    name = cpu_fact("model name") or platform.processor() or platform.machine()
    cuda = f"{torch.cuda.get_device_name()}, " if torch.cuda.is_available() else ""
    return f"{cuda}{name}, {physical_cores()} cores, {platform.system()}"


def cuda_memory_mb() -> int:
    """The most memory this process has held on its CUDA device, in MB; 0 without one."""
    return torch.cuda.max_memory_allocated() // 2**20 if torch.cuda.is_available() else 0


def forget_cuda_peak() -> None:
    """Let `cuda_memory_mb` begin anew, after something that is not the run."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def memory_mb() -> int:
    """The most memory this process has held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak / (2**20 if sys.platform == "darwin" else 2**10))


@cache
def cpu_fact(name: str) -> str:
    """A line of /proc/cpuinfo by its name; empty where there is no such file or line."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
