"""The lesson in names: of real pictures only, for the critic only."""

import pytest
import torch

from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.systems.pair import Pair
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams
from unit.recto.conftest import TINY


def pair(naming: float, *, one_pass: bool = True, classes: int = 3) -> Pair:
    settings = [*TINY, f"naming={naming}", f"one_pass={str(one_pass).lower()}"]
    torch.manual_seed(0)
    cast = with_settings(recipe("default"), settings).cast(Shape(16, 16, 3, classes), Streams(0))
    assert isinstance(cast, Pair)
    return cast


def turn(classes: int = 3) -> Turn:
    streams = Streams(0)
    image = torch.from_numpy(streams.normals("image", 0, 8, 3 * 16 * 16)).view(8, 3, 16, 16)
    return Turn(image, torch.arange(8) % classes if classes else None, 0, 0.0, streams)


@pytest.mark.parametrize("one_pass", [True, False])
def test_the_lesson_is_the_cross_entropy_of_real_pictures_names(one_pass: bool) -> None:
    cast, now = pair(0.5, one_pass=one_pass), turn()
    losses = cast.phases[-1].losses(now)
    named = cast.critic.named(cast.critic.features(now.image_NCHW))  # type: ignore[operator]
    want = 0.5 * torch.nn.functional.cross_entropy(named, now.label_N)
    assert losses["naming"].item() == pytest.approx(want.item(), rel=1e-4)


def test_there_is_none_without_classes_or_without_weight() -> None:
    assert "naming" not in pair(0.5, classes=0).phases[-1].losses(turn(classes=0))
    assert "naming" not in pair(0.0).phases[-1].losses(turn())


def test_the_generator_is_not_taught_by_it() -> None:
    gradients = []
    for naming in (0.0, 5.0):
        cast = pair(naming)
        torch.stack(list(cast.phases[-1].losses(turn()).values())).sum().backward()
        gradients.append([weight.grad for weight in cast.generator.parameters()])
    for without, taught in zip(*gradients, strict=True):
        assert without is not None
        torch.testing.assert_close(without, taught)
