"""JSON from outside: what is not taken, and how an error tells it."""

import pytest

from coincast.errors import PriceError
from coincast.prices.parsing.untrusted_json import parse_json


@pytest.mark.parametrize(
    "text",
    [
        '{"close": 1, "close": 2}',
        '[{"a": {"close": 1, "close": 1}}]',
        '{"close":1,"clos\\u0065":2}',
    ],
)
def test_parse_json_refuses_two_members_of_one_name(text):
    with pytest.raises(PriceError, match=r"^the answer is not JSON .*'close'.* twice"):
        parse_json(text, "the answer")


def test_parse_json_shows_a_name_cut_and_without_control_characters():
    name = "\\u001b[31m" + "x" * 5000
    with pytest.raises(PriceError, match="x1b") as failure:
        parse_json(f'{{"{name}": 1, "{name}": 2}}', "the answer")
    assert str(failure.value).isprintable()
    assert len(str(failure.value)) < 200
