"""Inversion finds the code of a picture that the generator can draw."""

import numpy as np
import torch

from rectoverso.recto.nets.plain import PlainCritic
from rectoverso.recto.sample.invert import invert
from rectoverso.recto.sample.painter import Painter
from rectoverso.recto.systems.recipe import Shape


def critic() -> PlainCritic:
    torch.manual_seed(1)
    return PlainCritic(Shape(16, 16, 3, 2), width=4)


def test_a_drawn_picture_is_found_again_by_a_style_based_generator(styled: Painter) -> None:
    found = invert(styled, styled.picture(11), starts=2, steps=150)
    assert found.psnr_db > 35
    assert found.ssim > 0.95
    assert found.loss < found.start / 10


def test_a_drawn_picture_and_its_class_are_found_again_by_a_plain_generator(plain: Painter) -> None:
    with torch.no_grad():  # untrained, both classes would be one
        for norm in plain.module.norms:
            norm.of_class.weight.normal_(std=0.5)
    for label in (0, 1):
        found = invert(plain, plain.picture(11, label), critic=critic(), starts=3, steps=100)
        assert found.code.label_1.tolist() == [label]
        assert found.loss < found.start / 4
        assert found.psnr_db > 25


def test_the_same_question_has_the_same_answer_and_another_seed_another(plain: Painter) -> None:
    target = plain.picture(3)
    a, b, c = (invert(plain, target, critic=critic(), seed=seed, starts=2, steps=8) for seed in (0, 0, 1))
    np.testing.assert_array_equal(a.code.latent_1Z, b.code.latent_1Z)
    assert (a.psnr_db, a.ssim) == (b.psnr_db, b.ssim)
    assert not torch.equal(a.code.latent_1Z, c.code.latent_1Z)


def test_the_given_class_is_kept(plain: Painter) -> None:
    found = invert(plain, plain.picture(3, 0), label=1, starts=2, steps=4)
    assert found.code.label_1.tolist() == [1]


def test_found_latents_stay_as_long_as_drawn_ones(plain: Painter) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)  # nothing the generator draws
    found = invert(plain, noise, starts=2, steps=60)
    assert 0.5 < found.code.latent_1Z.norm() / 8**0.5 < 2
    assert found.psnr_db < 15


def test_the_critic_looks_at_the_pictures_and_is_left_as_it_was(plain: Painter) -> None:
    judge, target = critic(), plain.picture(3)
    before = {name: value.clone() for name, value in judge.state_dict().items()}
    with_critic = invert(plain, target, critic=judge, starts=2, steps=8)
    without = invert(plain, target, starts=2, steps=8)
    assert not torch.equal(with_critic.code.latent_1Z, without.code.latent_1Z)
    assert all(torch.equal(value, before[name]) for name, value in judge.state_dict().items())
    assert not any(module._forward_hooks for module in judge.modules())
