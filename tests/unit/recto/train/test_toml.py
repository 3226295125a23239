"""What is written is what Python reads."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from rectoverso.recto.train.toml import dumps

text = st.text(st.characters(exclude_categories=("Cs",)))
values = st.one_of(
    st.integers(-(2**62), 2**62), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), text
)


@given(
    st.dictionaries(
        st.sampled_from("abcd"), st.one_of(values, st.lists(text), st.dictionaries(st.just("e"), values))
    )
)
def test_a_table_comes_back_as_it_went(table: dict[str, object]) -> None:
    read = tomllib.loads(dumps(table))
    assert read == {key: value for key, value in table.items() if value != {}}


def test_none_is_left_out() -> None:
    assert tomllib.loads(dumps({"run": {"images": None, "seed": 1}})) == {"run": {"seed": 1}}
