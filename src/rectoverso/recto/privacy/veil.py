"""A training set as the record of a private run tells of it: nothing that was counted or hashed plainly."""

from __future__ import annotations

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.privacy.vault import Vault
from rectoverso.types import Message


class Veiled:
    """What `Dataset` tells, by the count that everybody may know and digests under the run's own key.

    Its name, sides, channels and the names of its classes are told as they are, and are not protected.
    """

    notes: tuple[Message, ...] = ()
    taken_from = None
    skipped = None
    """How many pictures were left out is not told."""

    def __init__(self, dataset: Dataset, vault: Vault, pictures: int) -> None:
        self.name, self.classes, self.regions = dataset.name, dataset.classes, dataset.regions
        self.width, self.height, self.channels = dataset.width, dataset.height, dataset.channels
        self.pictures = pictures
        self.digest = vault.veiled(dataset.digest)
        self.manifests = tuple(vault.veiled(manifest) for manifest in dataset.manifests)
        self.labels_digest = vault.veiled(dataset.labels_digest or "")

    def __len__(self) -> int:
        return self.pictures

    def describe(self) -> dict[str, object]:
        """As ``run.json`` has it."""
        return {
            "name": self.name,
            "images": self.pictures,
            "width": self.width,
            "height": self.height,
            "channels": self.channels,
            "digest": self.digest,
            "manifests": list(self.manifests),
            "veiled": True,
        }
