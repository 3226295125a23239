"""The prior: what each guess may know, and drawing code after code."""

from __future__ import annotations

import torch

from rectoverso.recto.nets.codes import Grid
from rectoverso.recto.nets.draws import Sampling, drawn
from rectoverso.recto.nets.prior import Prior
from rectoverso.recto.systems.recipe import Shape

WORD_NT = torch.tensor([[3, 4, -1, -1], [5, -1, -1, -1]])
SAMPLING = Sampling(temperature=0.8, top_k=4)


def prior() -> Prior:
    torch.manual_seed(0)
    net = Prior(Grid(Shape(16, 16, 3, 0), 8), words=7, places=4, codes=5, width=32, blocks=2)
    for told in net.parameters():  # at the start hardly anything depends on anything
        told.data.mul_(4.0)
    return net.eval()


def test_a_guess_knows_the_caption_and_the_codes_before_it_and_no_others() -> None:
    net, code_NG = prior(), torch.randint(5, (2, 64))
    words_NTV, codes_NGK = net(WORD_NT, code_NG)
    assert words_NTV.shape == (2, 4, 7)
    assert codes_NGK.shape == (2, 64, 5)
    changed_NG = code_NG.clone()
    changed_NG[:, 10] = (changed_NG[:, 10] + 1) % 5
    again_NTV, again_NGK = net(WORD_NT, changed_NG)
    assert torch.equal(words_NTV, again_NTV)
    assert torch.allclose(codes_NGK[:, :11], again_NGK[:, :11], atol=1e-6)
    assert not torch.allclose(codes_NGK[:, 11:], again_NGK[:, 11:], atol=1e-3)
    other_NT = WORD_NT.clone()
    other_NT[:, 0] = 1
    assert not torch.allclose(net(other_NT, code_NG)[1], codes_NGK, atol=1e-3)


def test_drawing_with_a_memory_is_drawing_without_one() -> None:
    net, uniform_NMG = prior(), torch.rand(2, 3, 64, dtype=torch.float64)
    fast_NMG = net.draw(WORD_NT, uniform_NMG, SAMPLING)
    code_BG = torch.zeros(6, 64, dtype=torch.int64)
    for place in range(64):
        logit_BK = net(WORD_NT.repeat_interleave(3, 0), code_BG)[1][:, place]
        code_BG[:, place] = drawn(logit_BK, uniform_NMG.flatten(0, 1)[:, place], SAMPLING)
    assert torch.equal(fast_NMG.flatten(0, 1), code_BG)
    assert len(fast_NMG.unique()) > 1


def test_nothing_is_asked_of_guesses_at_padding() -> None:
    net, code_NG = prior(), torch.randint(5, (1, 64))
    words, _ = net.losses(WORD_NT[:1], code_NG)
    logit_NTV = net(WORD_NT[:1], code_NG)[0].log_softmax(2)
    by_hand = -(logit_NTV[0, 0, 3] + logit_NTV[0, 1, 4]) / 2
    assert torch.allclose(words, by_hand)


def test_two_halves_of_a_batch_are_the_batch_however_long_their_captions_are() -> None:
    net, code_NG = prior(), torch.randint(5, (4, 64))
    word_NT = torch.tensor([[3, -1, -1, -1], [4, 1, 2, 6], [1, 2, -1, -1], [-1, -1, -1, -1]])
    whole = torch.stack(net.losses(word_NT, code_NG))
    halves = [torch.stack(net.losses(word_NT[half], code_NG[half])) for half in (slice(2), slice(2, 4))]
    assert torch.allclose(whole, (halves[0] + halves[1]) / 2, atol=1e-6)
