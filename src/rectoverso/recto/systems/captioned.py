"""What every cast does whose pictures are drawn from captions: words as numbers, captions a word away, pictures moved
by a few pixels, previews.

Shapes: N images, B of the whole batch, T places of words, M = K B texts a word away, C channels, H height, W width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectoverso.recto.data.tokenizer import Tokenizer
from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.matching import nearby
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams

SHOWN = 16
FEW = 2
"""Candidates of each in a preview."""
NEAR = 4
"""Texts a word away, of each caption of a batch."""


class Captions:
    """Reads captions of at most ``places`` words in the ``merges`` of a run."""

    def __init__(self, merges: tuple[str, ...], places: int, streams: Streams) -> None:
        self.tokenizer, self.places, self.streams = Tokenizer(merges), places, streams

    def words(self, turn: Turn) -> Tensor:
        """The turn's captions (N, T)."""
        return turn.once("words", lambda: self._read(turn))

    def _read(self, turn: Turn) -> Tensor:
        assert turn.captions is not None  # noqa: S101 - the data was checked
        return torch.from_numpy(self.tokenizer.batch(turn.captions, self.places)).to(turn.image_NCHW.device)

    def near(self, turn: Turn, word_BT: Tensor) -> Tensor:
        """Each caption of the batch several times (M, T), with one of its words from another caption."""
        return torch.cat([self._nearby(turn, word_BT, number) for number in range(NEAR)])

    def _nearby(self, turn: Turn, word_BT: Tensor, number: int) -> Tensor:
        draw_B2 = turn.streams.uniforms(f"near-{number}", turn.begins, turn.batch, 2)
        where_B, other_B = torch.from_numpy(draw_B2).to(word_BT.device).unbind(1)
        return nearby(word_BT, where_B, (other_B * len(word_BT)).long())

    @torch.no_grad()
    def preview(self, generator: nn.Module, numbers: int, examples: Turn | None) -> Tensor:
        """Pictures of the first captions, each from so many numbers of noise."""
        captions = self.shown(examples)
        noise = self.streams.normals("preview", 0, len(captions), numbers)
        noise_NZ = torch.from_numpy(noise).to(next(generator.parameters()).device)
        picture_NCHW: Tensor = generator(noise_NZ, Given(captions=captions))
        return picture_NCHW

    def shown(self, examples: Turn | None) -> tuple[str, ...]:
        assert examples is not None  # noqa: S101 - pictures are made from captions
        assert examples.captions is not None  # noqa: S101 - the data was checked
        return examples.captions[:SHOWN]


def moved(turn: Turn, most: int) -> Tensor:
    """The turn's pictures, each moved by at most so many pixels, its edges repeated: what a caption says of it stays
    true.
    """
    return turn.once("moved", lambda: _moved(turn, most) if most else turn.image_NCHW)


def _moved(turn: Turn, most: int) -> Tensor:
    (height, width), device = turn.image_NCHW.shape[2:], turn.image_NCHW.device
    across_N, down_N = (
        torch.from_numpy(turn.streams.choices(f"moved-{way}", turn.first, turn.count, 2 * most + 1)) - most
        for way in ("across", "down")
    )
    row_NH = (torch.arange(height) + down_N[:, None]).clamp(0, height - 1).to(device)
    column_NW = (torch.arange(width) + across_N[:, None]).clamp(0, width - 1).to(device)
    image_NHWC = turn.image_NCHW.permute(0, 2, 3, 1)
    place_N11 = torch.arange(turn.count, device=device)[:, None, None]
    return image_NHWC[place_N11, row_NH[:, :, None], column_NW[:, None]].permute(0, 3, 1, 2)
