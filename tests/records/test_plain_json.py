import json

import numpy as np
import pandas as pd
import pytest

from coincast.records.plain_json import json_hash, to_plain


def test_to_plain_makes_json_of_tables_and_numpy():
    table = pd.DataFrame({"mae": [np.float32(0.5)], "n": [3]}, index=["zero"])
    found = to_plain({"table": table, "counts": np.array([[1, 2]]), "none": None, "yes": np.True_})
    assert found == {
        "table": {"zero": {"mae": 0.5, "n": 3}}, "counts": [[1, 2]], "none": None, "yes": True
    }  # fmt: skip
    assert [type(value) for value in found["table"]["zero"].values()] == [float, int]


def test_json_hash_tells_other_content_apart():
    origin = {"coin": "bitcoin", "rows": 5}
    contents = ([], [origin], [origin, origin], [origin | {"rows": 6}])
    assert len({json_hash(content) for content in contents}) == 4


def test_json_hash_refuses_what_json_cannot_hold():
    with pytest.raises(ValueError, match="JSON"):
        json_hash(float("nan"))


def test_open_cells_of_a_table_are_null_and_other_nans_are_refused():
    table = pd.DataFrame({"p": [0.5, float("nan")], "n": [1, 2]}, index=["a", "b"])
    assert json.dumps(to_plain(table)) == '{"a": {"p": 0.5, "n": 1}, "b": {"p": null, "n": 2}}'
    assert json_hash(to_plain({"table": table}))
    with pytest.raises(ValueError, match="JSON"):
        json_hash(to_plain({"loss": float("nan")}))
