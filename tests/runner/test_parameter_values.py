"""Values that no notebook should have to stumble over."""

import pytest

from coincast.errors import InputError
from coincast.runner.parameter_values import check_values

DEFAULTS = {
    "source": "bundled", "coin": "ethereum", "coins": ["eos", "xrp"], "start": "",
    "end": "2018-01-13", "train_start": "2017-02-28",
    "direction_start": "2014-11-28", "direction_end": "2017-08-23",
    "first_label_day": "2017-03-01", "lags": 4, "filters": [16, 8], "dropout": 0.35, "seed": 1,
    "units": 12, "window": 30, "horizon_days": 2, "learning_rate": 0.01, "log_dir": "", "url": "",
    "split_seed": 0,
    "venue": "", "quick": False, "notes": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"source": "bundle"}, "source 'bundle' is unknown; did you mean 'bundled'"),
        ({"coin": "etherium"}, "coin 'etherium' is not bundled; did you mean 'ethereum'"),
        ({"coins": ["eos", "bitcoins"]}, "coin 'bitcoins' is not bundled; did you mean 'bit"),
        ({"coin": "../x", "source": "html"}, "coin '../x' is not a CoinMarketCap slug"),
        ({"end": "2018-02-30"}, "end '2018-02-30' is not a day; write it as YYYY-MM-DD"),
        ({"train_start": "28.2.2017"}, "train_start '28.2.2017' is not a day"),
        ({"first_label_day": "soon"}, "first_label_day 'soon' is not a day"),
        ({"start": "2018-01-13"}, "start 2018-01-13 is not before its end 2018-01-13"),
        ({"train_start": "2019-01-01"}, "train_start 2019-01-01 is not before its end 2018-01-13"),
        ({"direction_start": "2017-12-01"}, "not before its end 2017-08-23"),
        ({"seed": -1}, "seed -1 is no seed; choose a whole number from 0 to 4294967295"),
        ({"split_seed": 2**32}, "split_seed 4294967296 is no seed"),
        ({"lags": 0}, "lags 0 is too small; choose 1 to 1000000, for example 4"),
        ({"filters": [16, -8]}, "filters -8 is too small"),
        ({"dropout": float("inf")}, "dropout inf is not finite"),
        ({"dropout": -1.0}, "dropout -1.0 is no share"),
        ({"dropout": 1.0}, "dropout 1.0 is no share"),
        ({"learning_rate": 0.0}, "learning_rate 0.0 is too small"),
        ({"units": 10**9}, "units 1000000000 is too large; choose 1 to 4096"),
        ({"filters": [16, 10**9]}, "filters 1000000000 is too large"),
        ({"lags": int("9" * 70)}, "lags 9{70} is too large"),
        ({"lags": 1000}, "lags 1000 does not fit 105 days"),
        ({"window": 1000}, "window 1000 does not fit"),
        ({"horizon_days": 1000}, "horizon_days 1000 does not fit"),
        ({"source": "html", "start": "2018-01-01", "lags": 13}, "lags 13 does not fit 13 days"),
        ({"end": "2030-01-01"}, "2030-01-01 is outside the data"),
        ({"venue": "anywhere"}, "no ethereum at 'anywhere'"),
        ({"source": "html", "venue": "coinbase"}, "venue 'coinbase' means nothing to source 'h"),
        ({"url": "http://ann:secret@x/"}, r"url 'http://\*\*\*@x/' means nothing to source 'b"),
        ({"source": "html", "url": "http://a:secret@x/{day}"}, r"url 'http://\*\*\*@x/{day}'"),
        ({"source": "csv"}, "source 'csv' needs url"),
        ({"coin": "\x1b[2J" + "x" * 5000}, r"coin '\\x1b\[2Jx{60,70}\.\.\.' is too long"),
        ({"log_dir": "/dev/null"}, "log_dir '/dev/null' cannot be written to"),
        ({"log_dir": "/dev/null/below"}, "log_dir '/dev/null/below' cannot be written to"),
        ({"log_dir": "/proc/x"}, "log_dir '/proc/x' cannot be written to"),
        ({"log_dir": "x" * 300}, "cannot be written to: File name too long"),
        ({"log_dir": "a\0b"}, r"'a\\x00b' cannot be written to|null"),
    ],
)
def test_check_values_refuses(given, message):
    with pytest.raises(InputError, match=message):
        check_values(DEFAULTS | given, DEFAULTS)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"seed": 0, "lags": 1, "dropout": 0.0, "start": "2017-10-01", "end": ""},
        {"source": "html", "coin": "monero", "url": "http://x/{coin}", "notes": ["any", "thing"]},
        {"lags": 100, "units": 4096, "coins": ["bitcoin"], "venue": "coinbase"},
        {"end": "", "train_start": "2019-01-01"},
    ],
)
def test_check_values_accepts(given):
    check_values(DEFAULTS | given, DEFAULTS)
