"""Times of publication: whatever the clock and its zone, one moment in UTC."""

import zoneinfo
from datetime import UTC, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincast.datasets.headlines.times import find_zone, utc_time
from coincast.errors import InputError

LATE = pd.Timestamp("2017-12-31 23:59").to_pydatetime()
YEARS = st.datetimes(LATE - timedelta(days=15_000), LATE + timedelta(days=2500))
ZONES = ["America/New_York", "Asia/Kolkata", "Europe/Berlin", "Pacific/Auckland", "UTC"]


@pytest.mark.parametrize(
    "text",
    [
        "2017-12-31T23:59:00Z",
        "2017-12-31 23:59:00 UTC",
        "2017-12-31 23:59:00.000000+00:00",
        "2018-01-01 01:59 +0200",
        "2018-01-01T05:29:00+05:30",
        "20171231T235900Z",
        "Sun, 31 Dec 2017 18:59:00 EST",
        "31 Dec 2017 23:59 -0000",
        "1514764740",
        "1514764740.0",
        "1514764740999",
    ],
)
def test_utc_time_reads_every_form_of_one_moment(text):
    assert utc_time(text) == LATE


@given(YEARS, st.sampled_from(ZONES))
def test_utc_time_turns_a_local_clock_back_into_its_moment(moment, name):
    zone = zoneinfo.ZoneInfo(name)
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    found = utc_time(f"{local:%Y-%m-%d %H:%M:%S.%f}", zone)
    hour_shown_twice = local.utcoffset() != local.replace(fold=1).utcoffset()
    assert found == moment + timedelta(hours=hour_shown_twice)


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [  # (2:30 is 23:30 or 00:30 in UTC: two days)
        ("2017-10-29 02:30:00", "Europe/Chisinau", "2017-10-29 00:30"),
        ("2017-11-05 01:30:00", "America/New_York", "2017-11-05 06:30"),
        ("2017-11-05 01:30:00-04:00", "America/New_York", "2017-11-05 05:30"),
        ("2017-12-31", "UTC", "2017-12-31 00:00"),
    ],
)
def test_utc_time_takes_the_later_of_two_moments_that_a_clock_showed_twice(text, name, expected):
    assert utc_time(text, find_zone(name)) == pd.Timestamp(expected)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("2017-12-31 23:59:00", "", "--timezone"),
        ("2017-03-12 02:30:00", "America/New_York", "does not exist in America/New_York"),
        ("2017-12-31", "Europe/Berlin", "a day without a clock"),
        ("Sun, 31 Dec 2017 23:59:00 CET", "UTC", "unknown zone"),
        ("12/31/2017 11:59 PM", "UTC", "'12/31/2017 11:59 PM' cannot be read"),
        ("2017-02-30T00:00:00Z", "", "cannot be read"),
        ("0001-01-01T00:00:00+05:00", "", "cannot be read"),
        ("1969-12-31T23:59:00Z", "", "1969-12-31T23:59:00Z' is before 1970"),
        ("2200-01-01T00:00:00Z", "", "in the future"),
        ("2017-12-31T23:59:00\N{ARABIC-INDIC DIGIT ZERO}Z", "", "cannot be read"),
        ("", "UTC", "''"),
    ],
)
def test_utc_time_refuses_what_is_no_moment(text, name, message):
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        utc_time(text, find_zone(name))


@pytest.mark.parametrize("name", ["New York", "../../etc/passwd", "America", "CET-1"])
def test_find_zone_refuses_what_is_no_zone(name):
    with pytest.raises(InputError, match=f"{name!r} is no IANA zone"):
        find_zone(name)
