"""The hub of Hugging Face, through its own client; who one is comes from its login (`hf auth login`)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi


class HuggingFace:
    """A `Hub` over the client ``api``."""

    def __init__(self, api: HfApi | None = None) -> None:
        self.api = api or HfApi()

    def create(self, repository: str, *, private: bool) -> None:
        self.api.create_repo(repository, private=private, exist_ok=True)
        if private and not self.api.model_info(repository).private:
            raise PermissionError("it exists and is public; --public says that this is meant")

    def send(self, repository: str, files: dict[str, Path | bytes], message: str) -> str:
        operations = [
            CommitOperationAdd(path_in_repo=name, path_or_fileobj=path) for name, path in files.items()
        ]
        done = self.api.create_commit(repository, operations, commit_message=message)
        return str(done.commit_url)

    def list(self, repository: str, revision: str | None) -> tuple[str, dict[str, int]]:
        told = self.api.model_info(repository, revision=revision, files_metadata=True)
        sizes = {file.rfilename: int(file.size or 0) for file in told.siblings or ()}
        return str(told.sha), sizes

    def fetch(self, repository: str, name: str, commit: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            file = self.api.hf_hub_download(repository, name, revision=commit, local_dir=folder)
            return Path(file).read_bytes()
