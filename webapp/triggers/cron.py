"""When a schedule comes due. No Django: the run workers, who fire them, ask here too."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError


class WrongSchedule(ValueError):
    """`field` is `cron` or `timezone`; the text is a sentence for whoever wrote it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def next_due(cron: str, timezone: str, after: datetime) -> datetime | None:
    """The first time after `after` (aware), in the schedule's time zone; None where there is none in fifty years.

    A time that the change to summer time leaves out comes right after the gap, and one that comes twice in autumn
    counts once, unless the line says every hour or every minute. Raises WrongSchedule.
    """
    return next(iter(next_times(cron, timezone, after, 1)), None)


def next_times(cron: str, timezone: str, after: datetime, count: int) -> list[datetime]:
    """At most `count` of them. Raises WrongSchedule."""
    return list(islice(_times(cron, timezone, after), count))


def _times(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    if timezone not in _zones():
        raise WrongSchedule("timezone", f"There is no time zone {timezone[:60]!r}. One is called Europe/Berlin or UTC.")
    if len(cron.split()) != 5:
        raise WrongSchedule("cron", "This takes five fields: minute, hour, day of the month, month, day of the week.")
    zone = UTC if timezone == "UTC" else ZoneInfo(timezone)
    try:
        yield from CronSim(cron, after.astimezone(zone))
    except CronSimError as error:
        what = str(error).removeprefix("Bad ").lower()
        raise WrongSchedule("cron", f"The {what} in {cron[:100]!r} is none that a schedule can have.") from None
    except (AssertionError, TypeError, ValueError):
        raise WrongSchedule("cron", f"Nobody can read {cron[:100]!r} as a time.") from None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
