"""What a trained network sees in pictures: the outputs of its layers.

The perceptual losses of Johnson et al. 2016 (arXiv:1603.08155, section 3), Wang et al. 2018 (arXiv:1711.11585, section
4) and Nazeri et al. 2019 (arXiv:1901.00212, section 3.2), whose networks learnt from ImageNet. Here any network of
pictures can look, such as the critic of a run; as such networks differ in how large their numbers are, each layer's
distance is a share of what it sees in the real picture.

Shapes: N images, C channels or features, H height, W width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SMALL = 1e-6
Pairs = list[tuple[Tensor, Tensor]]


class Perceived(nn.Module):
    """Pictures as a network sees them that stays as it is. ``sides`` (height and width) are those of its pictures:
    others are brought to these.
    """

    def __init__(self, network: nn.Module, sides: tuple[int, int]) -> None:
        super().__init__()
        self.network, self.sides = network.eval().requires_grad_(False), sides

    def forward(self, x_NCHW: Tensor, real_NCHW: Tensor) -> Pairs:
        """What each layer sees in pictures and in real ones."""
        with torch.no_grad():
            real = seen_by(self.network, self.fitted(real_NCHW))
        return list(zip(seen_by(self.network, self.fitted(x_NCHW)), real, strict=True))

    @torch.no_grad()
    def has_layers(self, channels: int) -> bool:
        """Whether any layer sees pictures as a grid; those of `gan` do not."""
        return bool(seen_by(self.network, torch.zeros(2, channels, *self.sides)))

    def fitted(self, x_NCHW: Tensor) -> Tensor:
        if x_NCHW.shape[2:] == self.sides:
            return x_NCHW
        return F.interpolate(x_NCHW, self.sides, mode="bilinear", align_corners=False, antialias=True)


def seen_by(network: nn.Module, x_NCHW: Tensor) -> list[Tensor]:
    """What each layer makes of pictures, in order and in float32, where it is still a grid. These layers do not look at
    the class.
    """
    seen: list[Tensor] = []

    def note(_layer: nn.Module, _inputs: object, output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == 4:
            seen.append(output.float())

    layers = [one for one in network.modules() if not [*one.children()]]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        network(x_NCHW, torch.zeros(len(x_NCHW), dtype=torch.int64, device=x_NCHW.device))
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def distance(pairs: Pairs) -> Tensor:
    """The mean over layers of how far they see pictures apart from the real ones."""
    return torch.stack([apart(seen, real) for seen, real in pairs]).mean()


def style(pairs: Pairs) -> Tensor:
    """The same of which features occur together, wherever they do (Gatys et al. 2016, eq. 3 to 5)."""
    return distance([(gram(seen), gram(real)) for seen, real in pairs])


def apart(x: Tensor, real: Tensor) -> Tensor:
    """The mean over pictures of their mean distance, as a share of the mean size of what is real."""
    distance_N, size_N = ((of.flatten(1)).abs().mean(1) for of in (x - real, real))
    return (distance_N / (size_N + SMALL)).mean()


def gram(x_NCHW: Tensor) -> Tensor:
    """The mean product of each two features (N, C, C)."""
    x_NCP = x_NCHW.flatten(2)
    return x_NCP @ x_NCP.mT / x_NCP.shape[2]
