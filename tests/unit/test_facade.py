"""The public face: sorted, complete, and light to import."""

from __future__ import annotations

import subprocess
import sys

import rectoverso


def test_the_exported_names_are_sorted_and_are_all_there() -> None:
    assert list(rectoverso.__all__) == sorted(rectoverso.__all__)
    public = {
        name for name, value in vars(rectoverso).items() if not name.startswith("_") and not _is_module(value)
    }
    assert public == set(rectoverso.__all__) - {"__version__"}


def test_importing_loads_nothing_heavy() -> None:
    heavy = ("torch", "numpy", "PIL", "sqlalchemy", "typer", "c2pa")
    program = f"import sys, rectoverso; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_verifying_never_loads_torch(tmp_path: object) -> None:
    program = (
        "import sys, rectoverso; rectoverso.verify('no-such-file.png', home='no-such-home');"
        "print('torch' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=str(tmp_path)
    )
    assert done.stdout.strip() == "False False"


def _is_module(value: object) -> bool:
    return type(value).__name__ in ("module", "_Feature")
