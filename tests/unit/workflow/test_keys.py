"""Who time-stamps the signatures of a home: said, chosen, and given up."""

from __future__ import annotations

from pathlib import Path

import pytest

from rectoverso.errors import BadSetting
from rectoverso.workflow.keys import time_stamp_authority


def test_an_authority_is_chosen_for_a_home_and_given_up_again(home: Path) -> None:
    assert time_stamp_authority(home) == ""
    assert not home.exists()
    assert time_stamp_authority(home, "http://stamps.example/") == "http://stamps.example/"
    assert time_stamp_authority(home) == "http://stamps.example/"
    assert time_stamp_authority(home, "") == ""
    assert time_stamp_authority(home) == ""


@pytest.mark.parametrize("url", ["stamps.example", "file:///etc/passwd"])
def test_what_is_no_web_address_is_not_taken(home: Path, url: str) -> None:
    with pytest.raises(BadSetting, match="web address"):
        time_stamp_authority(home, url)
    assert not home.exists()
