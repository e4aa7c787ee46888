"""When a headline was published, as tables and feeds write it."""

import email.utils
import re
import zoneinfo
from datetime import UTC, datetime

from coincast.errors import InputError, did_you_mean, shown
from coincast.prices.days import is_possible, today

__all__ = ["find_zone", "utc_time"]

EPOCH = re.compile(r"(\d{9,10}(?=\.|$)|\d{10}(?=\d{3}$))(\d{3}|\.\d+)?", flags=re.ASCII)
MAIL = re.compile(  # RFC 2822, in RSS
    r"([A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}(:\d{2})?( ([+-]\d{4}|[A-Z]{1,4}))?",
    flags=re.ASCII,
)
MAIL_ZONES = {"Z", "UT", "UTC", "GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"}
ONLY_A_DAY = 10  # characters of 2017-12-31
EXAMPLE = "2017-12-31T23:59:00Z"


def find_zone(name: str) -> zoneinfo.ZoneInfo | None:
    """The time zone of an IANA name; None for an empty one.

    Raises:
        InputError: there is no such zone.
    """
    known = zoneinfo.available_timezones()
    if name and name not in known:
        hint = did_you_mean(name, known)
        raise InputError(
            f"timezone {shown(name)} is no IANA zone; {hint}use one like America/New_York or UTC"
        )
    return zoneinfo.ZoneInfo(name) if name else None


def utc_time(text: str, zone: zoneinfo.ZoneInfo | None = None) -> datetime:
    """The UTC time that a cell names, without tzinfo.

    A time that the zone's clocks showed twice, when summer time ended, is the later of the two: a
    headline must not count before it was known.

    Args:
        text: ISO 8601, RFC 2822, or seconds or milliseconds since 1970.
        zone: of a time that names none. A day without a clock is understood in UTC alone.

    Raises:
        InputError: it cannot be read, is in the future or before 1970, names no zone where none is
            given, or a time that the zone's clocks skipped.

    >>> utc_time("2017-12-31T20:30:00-05:00")
    datetime.datetime(2018, 1, 1, 1, 30)
    """
    text = " ".join(text.split())
    try:
        moment = _parse(text)
        if moment.tzinfo is None:
            moment = _localise(moment, text, zone)
        found = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"time {shown(text)} cannot be read; write it as {EXAMPLE} or in seconds since 1970"
        ) from error
    if not is_possible(found) or found.date() > today():
        raise InputError(f"time {shown(text)} is before 1970 or in the future; correct it")
    return found


def _parse(text: str) -> datetime:
    """The time as it stands, with a zone if it has one."""
    if match := EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(match[1]), UTC)
    if match := MAIL.fullmatch(text):
        name = match[4] or "Z"
        if name.isalpha() and name not in MAIL_ZONES:
            raise InputError(f"time {shown(text)} has an unknown zone; write one such as +01:00")
        return email.utils.parsedate_to_datetime(text.replace("-0000", "+0000"))
    iso = re.sub(r" ?(Z|UTC|GMT)$", "+00:00", text, flags=re.IGNORECASE)
    return datetime.fromisoformat(re.sub(r" (?=[+-]\d\d:?\d\d$)", "", iso))


def _localise(moment: datetime, text: str, zone: zoneinfo.ZoneInfo | None) -> datetime:
    """A time on the clocks of a zone."""
    if zone is None:
        raise InputError(
            f"time {shown(text)} has no zone; write it as {EXAMPLE}, or name the zone of such "
            "times with --timezone"
        )
    if len(text) <= ONLY_A_DAY and zone.key != "UTC":
        raise InputError(
            f"time {shown(text)} is a day without a clock, which may be two days in UTC; use a "
            "table with times, or --timezone UTC if its days are UTC days"
        )
    later = moment.replace(tzinfo=zone, fold=1)
    if later.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise InputError(
            f"time {shown(text)} does not exist in {zone.key}, where clocks were put forward; "
            "check --timezone or correct it"
        )
    return later
