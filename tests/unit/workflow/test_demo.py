"""Where a demo goes; the whole of it is told end to end."""

from pathlib import Path

from rectoverso.workflow.demo import _fresh


def test_a_demo_is_made_where_it_was_asked_for_or_beside_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "demo-3").write_text("a file")
    made = [_fresh(tmp_path / "demo").name for _ in range(3)]
    assert made == ["demo", "demo-2", "demo-4"]
