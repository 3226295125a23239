"""Our FID, KID, precision, recall and Inception Score beside torch-fidelity's formulas, on the same features.

    python benchmarks/metrics_agreement.py

needs torch-fidelity, which needs torchvision: run it in a virtual environment of its own. Where torchvision is
missing, an empty stand-in is enough, because only the functions from features to numbers are called; the result says
so. The features are drawn from seeds (skewed, non-negative, correlated, as a network's are); no picture and no network
is involved.
"""

from __future__ import annotations

import json
import platform
import sys
import types
from datetime import UTC, datetime
from importlib import metadata, util
from pathlib import Path

import numpy as np
import torch

from rectoverso.recto.metrics.classifier import inception_score
from rectoverso.recto.metrics.frechet import Gaussian, frechet_distance
from rectoverso.recto.metrics.kernel import kernel_distance
from rectoverso.recto.metrics.manifold import manifold_scores

AGREED = 1e-3
CASES = {
    "384 wide, 3000": (384, 3000),
    "64 wide, 2000": (64, 2000),
    "384 wide, 300 (fewer than features)": (384, 300),
}


def main() -> None:
    stood_in = stand_in()
    rows = [row for name, (width, count) in CASES.items() for row in compare(name, width, count)]
    result = {
        "benchmark": "metrics_agreement",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{platform.machine()}, {platform.system()}",
        "versions": {name: metadata.version(name) for name in ("torch", "numpy", "torch-fidelity")},
        "torchvision_stand_in": stood_in,
        "agreed": AGREED,
        "worst": max(row["relative"] for row in rows),
        "rows": rows,
    }
    place = Path(__file__).parent / "results" / f"metrics_agreement-{result['date']}.json"
    place.write_text(json.dumps(result, indent=2) + "\n")
    for row in rows:
        print(
            f"{row['case']:38} {row['metric']:10} {row['ours']:14.8g} {row['theirs']:14.8g} {row['relative']:.1e}"
        )
    if result["worst"] > AGREED:
        sys.exit(f"They differ by {result['worst']:.1e}, more than {AGREED}.")


def compare(case: str, width: int, count: int) -> list[dict[str, object]]:
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_isc import isc_features_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric

    rng = np.random.default_rng(width + count)
    mix = rng.normal(size=(width, width)) / width**0.5
    real, fake = (features(rng, mix, count, shift) for shift in (0.0, 0.15))
    real_t, fake_t = torch.from_numpy(real), torch.from_numpy(fake)
    chances = rng.dirichlet(np.full(10, 0.3), count).astype(np.float32)
    stats = [fid_features_to_statistics(x.double()) for x in (fake_t, real_t)]
    kid = {"kid_subsets": 1, "kid_subset_size": count}
    scores = manifold_scores(real, fake)
    prc = prc_features_to_metric(
        fake_t.double(), real_t.double(), prc_neighborhood=3, prc_batch_size=1000, verbose=False
    )
    isc = isc_features_to_metric(torch.from_numpy(chances).double().log(), 10, False, 0)
    pairs = {
        "FID": (
            frechet_distance(Gaussian.of(real), fake).value,
            fid_statistics_to_metric(*stats, verbose=False)["frechet_inception_distance"],
        ),
        "KID": (
            kernel_distance(real, fake, subsets=1, subset=count).value,
            kid_features_to_metric(fake_t.double(), real_t.double(), verbose=False, rng_seed=0, **kid)[
                "kernel_inception_distance_mean"
            ],
        ),
        "precision": (scores["precision"].value, prc["precision"]),
        "recall": (scores["recall"].value, prc["recall"]),
        "IS": (inception_score(chances).value, isc["inception_score_mean"]),
    }
    return [
        {
            "case": case,
            "metric": metric,
            "ours": ours,
            "theirs": theirs,
            "relative": abs(ours - theirs) / abs(theirs),
        }
        for metric, (ours, theirs) in pairs.items()
    ]


def features(rng: np.random.Generator, mix: np.ndarray, count: int, shift: float) -> np.ndarray:
    """Like a network's: correlated, cut off at zero."""
    few = rng.normal(size=(count, 12)) @ mix[:12] * 3  # most of the spread lies in few directions
    return np.maximum(few + 0.3 * rng.normal(size=(count, len(mix))) @ mix + 0.5 + shift, 0).astype(
        np.float32
    )


def stand_in() -> bool:
    """Where torchvision is missing, put empty modules in its place; whatever is taken from them is never called."""
    if util.find_spec("torchvision"):
        return False

    def missing(name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})

    for name in (
        "torchvision",
        "torchvision.datasets",
        "torchvision.transforms",
        "torchvision.transforms.functional",
    ):
        module = types.ModuleType(name)
        module.__dict__["__getattr__"] = missing
        module.__path__ = []
        sys.modules[name] = module
        above, _, below = name.rpartition(".")
        if above:
            setattr(sys.modules[above], below, module)
    return True


if __name__ == "__main__":
    main()
