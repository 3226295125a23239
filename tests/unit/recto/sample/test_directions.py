"""Closed-form directions: the steps that move the first weights' result furthest."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from rectoverso.errors import BadSetting, UnknownName
from rectoverso.recto.nets.dcgan import ArticleGenerator
from rectoverso.recto.sample.directions import Directions, factorise, find_directions, read_directions
from rectoverso.recto.sample.painter import Painter
from rectoverso.types import Digest

WEIGHTS, OTHERS = Digest("1" * 64), Digest("2" * 64)


def test_a_matrix_made_of_known_steps_gives_them_back() -> None:
    rng = np.random.default_rng(0)
    u_FF, _ = np.linalg.qr(rng.normal(size=(12, 12)))
    v_DD, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    size_D = np.array([9.0, 5.0, 2.0, 1.0, 0.5])
    a_FD = torch.from_numpy(u_FF[:, :5] * size_D @ v_DD.T)
    strength_K, vector_KD = factorise([a_FD[:7], a_FD[7:]], 3)
    np.testing.assert_allclose(strength_K, size_D[:3] ** 2)
    np.testing.assert_allclose(abs(np.sum(vector_KD * v_DD.T[:3], axis=1)), 1, atol=1e-6)
    assert (vector_KD[range(3), abs(vector_KD).argmax(1)] > 0).all()


def test_no_other_unit_step_moves_a_generators_first_layer_further(plain: Painter) -> None:
    found = find_directions(plain.module, WEIGHTS, 8)
    assert found.space == "z"
    vector_KZ = torch.tensor([one.vector for one in found.all])
    torch.testing.assert_close(vector_KZ @ vector_KZ.T, torch.eye(8), atol=1e-5, rtol=0)
    moved = (plain.module.start.weight @ vector_KZ.T).square().sum(0)
    torch.testing.assert_close(moved, torch.tensor([one.strength for one in found.all]), rtol=1e-4, atol=0)
    random_NZ = torch.nn.functional.normalize(torch.randn(500, 8))
    assert (plain.module.start.weight @ random_NZ.T).square().sum(0).max() <= moved[0] * 1.0001


def test_the_articles_generator_and_a_style_based_one_have_directions(styled: Painter) -> None:
    article = find_directions(ArticleGenerator(32, 3, latent=10, width=4), WEIGHTS, 4)
    assert [(len(one.vector), one.name) for one in article.all] == [(10, f"direction-{k}") for k in range(4)]
    found = find_directions(styled.module, WEIGHTS, 2)
    assert found.space == "w"
    stacked_FW = torch.cat([affine.weight for affine in styled.module.affines])
    vector_W = torch.tensor(found.all[0].vector)
    assert (stacked_FW @ vector_W).square().sum().item() == pytest.approx(found.all[0].strength, rel=1e-4)


def test_what_is_kept_is_read_again_for_the_same_weights_only(plain: Painter, tmp_path: Path) -> None:
    found = find_directions(plain.module, WEIGHTS, 3).rename({"0": "粗细"})
    found.keep(tmp_path)
    assert read_directions(tmp_path, WEIGHTS) == found
    assert read_directions(tmp_path, OTHERS) is None
    assert json.loads((tmp_path / "directions.json").read_text())["directions"][0]["name"] == "粗细"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 2}'])
def test_a_file_that_cannot_be_read_counts_as_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "directions.json").write_text(text)
    assert read_directions(tmp_path, WEIGHTS) is None


def test_names_are_given_once_and_found_with_a_hint(plain: Painter) -> None:
    found: Directions = find_directions(plain.module, WEIGHTS, 3)
    named = found.rename({"0": "thickness", "direction-1": "slant"})
    assert [one.name for one in named.all] == ["thickness", "slant", "direction-2"]
    assert named.named("0").digest == found.all[0].digest
    with pytest.raises(UnknownName, match="thickness"):
        named.named("thicknes")
    for bad in ("slant", "7", "", "a=b", "a@b"):
        with pytest.raises(BadSetting):
            named.rename({"0": bad})
    assert named.rename({"0": "slant", "1": "thickness"}).all[0].name == "slant"


def test_a_module_without_a_linear_layer_has_none() -> None:
    with pytest.raises(BadSetting):
        find_directions(torch.nn.Conv2d(3, 3, 1), WEIGHTS, 2)
