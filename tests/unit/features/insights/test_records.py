"""How a day keeps failures by cause: few of them, and none is lost."""

from collections import Counter

from wxcloudrun.features.insights.records import MOST_CAUSES, causes_of, causes_text


def test_a_day_keeps_the_causes_with_most_failures_and_the_rest_as_a_number():
    found = {number: number for number in range(1, MOST_CAUSES + 4)} | {0: 5}
    kept = causes_of(causes_text(found))
    assert kept[0] == 5 + 1 + 2 + 3
    assert len(kept) == MOST_CAUSES + 1
    assert kept.total() == sum(found.values())
    assert causes_of(causes_text(kept + Counter({1: 90})))[1] == 90, "one that becomes large comes in"


def test_a_day_without_failures_or_from_before_has_no_causes():
    assert causes_text({}) == "{}"
    assert causes_of("{}") == causes_of(None) == Counter()
