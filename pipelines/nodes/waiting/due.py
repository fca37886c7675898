"""Until when something is waited for."""

import re
import time
from datetime import datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")

_FIRST_YEAR, _LAST_YEAR = 1970, 9998  # calendars end with 9999, and a zone may be a day further than that


def in_minutes(minutes: float | None) -> float | None:
    """The moment `minutes` from now, in seconds since 1970; None for no limit."""
    return None if minutes is None else time.time() + minutes * 60


def zone(name: str) -> ZoneInfo:
    """The time zone of that name, such as Europe/Berlin. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, or the name of a folder
        raise ValueError(f"is no time zone: {name[:40]!r}; write one such as Europe/Berlin or UTC") from None


def moment(text: str, zone_name: str, now: datetime | None = None) -> datetime:
    """When `text` is next: a time of day ("08:30"), a date ("2027-01-31") or both ("2027-01-31 08:30", ISO 8601).

    A time without an offset is meant in the zone. Raises ValueError with a sentence.
    """
    where = zone(zone_name)
    text = text.strip()
    if daily := _TIME.fullmatch(text):
        return _next(time_of_day(int(daily[1]), int(daily[2])), where, now or datetime.now(where))
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no time: write 08:30, or a date and a time such as 2027-01-31 08:30") from None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise ValueError(f"is out of reach: write a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    return at if at.tzinfo else at.replace(tzinfo=where)


def _next(at: time_of_day, where: ZoneInfo, now: datetime) -> datetime:
    here = now.astimezone(where)
    today = datetime.combine(here.date(), at, where)
    return today if today > here else datetime.combine(here.date() + timedelta(days=1), at, where)
