"""BigGAN's networks: any pictures, classes and chunks that count, truncation."""

import pytest
import torch

from rectoverso.recto.nets.biggan import (
    BigCritic,
    BigGenerator,
    ConditionalBatchNorm2d,
    attending_level,
    truncated,
)
from rectoverso.recto.systems.recipe import Shape


def generator(shape: Shape) -> BigGenerator:
    return BigGenerator(shape, latent=17, width=4, embedding=6, attention_px=16)


@pytest.mark.parametrize("sides", [(8, 8), (16, 16), (32, 32), (24, 48), (128, 64)])
@pytest.mark.parametrize(("channels", "classes"), [(1, 0), (3, 2), (4, 100)])
def test_it_makes_and_judges_any_sides_channels_and_classes(
    sides: tuple[int, int], channels: int, classes: int
) -> None:
    label = torch.tensor([0, classes - 1]) if classes else None
    shape = Shape(*sides, channels, classes)
    picture = generator(shape)(torch.randn(2, 17), label)
    assert picture.shape == (2, channels, *sides)
    assert picture.abs().max() <= 1
    assert BigCritic(shape, width=4, attention_px=16)(picture, label).shape == (2,)


def test_both_networks_attend_at_one_side() -> None:
    shape = Shape(64, 96, 3, 0)
    assert attending_level(shape, 16) == 2
    assert attending_level(shape, 3) == 0
    seen = []
    for net in (generator(shape), BigCritic(shape, width=4, attention_px=16)):
        assert net.attention is not None
        net.attention.register_forward_hook(lambda _m, _i, out: seen.append(out.shape[2:]))
        net(torch.randn(2, 17) if isinstance(net, BigGenerator) else torch.randn(2, 3, 64, 96))
    assert seen == [(16, 24), (16, 24)]


def test_the_class_changes_the_picture_and_its_judgement() -> None:
    shape, labels = Shape(16, 16, 3, 2), torch.tensor([0, 1])
    one, other = generator(shape).eval()(torch.ones(2, 17), labels)
    assert (one - other).abs().max() > 1e-3
    left, right = BigCritic(shape, width=4, attention_px=16)(torch.ones(2, 3, 16, 16), labels)
    assert left != right


@pytest.mark.parametrize("classes", [0, 2])
def test_every_chunk_of_the_latent_changes_the_picture(classes: int) -> None:
    net = generator(Shape(32, 32, 3, classes)).eval()
    label = torch.zeros(1, dtype=torch.int64) if classes else None
    assert net.chunks == [5, 4, 4, 4]
    z, first = torch.ones(1, 17), 0
    for chunk in net.chunks:
        changed = z.clone()
        changed[:, first : first + chunk] = -1
        assert not torch.allclose(net(changed, label), net(z, label), atol=1e-5)
        first += chunk


def test_without_a_condition_that_speaks_the_norm_is_plain_batch_norm() -> None:
    norm, x = ConditionalBatchNorm2d(4, 3), torch.randn(8, 4, 5, 5)
    torch.testing.assert_close(norm(x, torch.zeros(8, 3)), torch.nn.BatchNorm2d(4)(x))


def test_truncated_numbers_have_the_distribution_that_drawing_again_would_give() -> None:
    torch.manual_seed(0)
    z = torch.randn(100_000, 1)
    cut = truncated(z, 0.8)
    assert cut.abs().max() <= 0.8
    again = z[z.abs() <= 0.8]
    shares = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9])
    torch.testing.assert_close(cut.quantile(shares), again[:50_000].quantile(shares), atol=0.02, rtol=0)
    in_order = cut[z.flatten().argsort()]
    assert (in_order.diff(dim=0) >= 0).all()


def test_truncation_never_gives_infinities_and_far_out_changes_nothing() -> None:
    z = torch.tensor([[-9.0, -1.0, 0.0, 1.0, 9.0]])
    assert truncated(z, 0.5).isfinite().all()
    torch.testing.assert_close(truncated(z[:, 1:4], 8.0), z[:, 1:4])


def test_orthogonal_regularisation_leaves_the_embedding_out() -> None:
    with_classes, without = generator(Shape(16, 16, 3, 5)), generator(Shape(16, 16, 3, 0))
    assert len(with_classes.matrices()) == len(without.matrices()) > 5
