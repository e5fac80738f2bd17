import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.names import joined, split

NAME = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda name: name == name.strip() and name
)


@given(st.lists(NAME, unique=True))
def test_what_is_joined_is_split_again(names):
    assert split(joined(names)) == tuple(names)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sex, race", ("sex", "race")),
        ("sex,,sex ,", ("sex",)),
        ("", ()),
        (' "in,come", age', ("in,come", "age")),
        ('he said "hi", b', ('he said "hi"', "b")),
    ],
)
def test_names_as_they_are_typed(text, names):
    assert split(text) == names
