"""torch's optimisers without torch's compiler.

Their methods are marked as nothing for the compiler, which torch loads to heed the marks when the first of them is
called: three seconds of every process that trains, and nothing is compiled here. In these classes are the methods that
the marks are around; they do the same arithmetic.
"""

from __future__ import annotations

from inspect import unwrap
from typing import TypeVar

import torch

Kind = TypeVar("Kind", bound=type[torch.optim.Optimizer])

_MARKED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def _unmarked(kind: Kind) -> Kind:
    """The class with the methods themselves; a step, which keeps gradients off by a mark as well, by torch's own way
    of doing that.
    """
    for name in _MARKED:
        setattr(kind, name, unwrap(getattr(kind, name)))
    setattr(kind, "step", torch.no_grad()(unwrap(kind.step)))  # noqa: B010 - mypy knows that it is a method
    return kind


@_unmarked
class Adam(torch.optim.Adam):
    """Adam (Kingma and Ba 2015)."""


@_unmarked
class AdamW(torch.optim.AdamW):
    """Adam with decay of its own (Loshchilov and Hutter 2019)."""


@_unmarked
class SGD(torch.optim.SGD):
    """Stochastic gradient descent with momentum."""
