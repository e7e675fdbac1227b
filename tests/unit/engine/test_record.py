"""Records are dataclasses with equality and hash; that nobody assigns to them is mypy's to hold."""

from dataclasses import replace

from wxcloudrun.engine.record import record


@record(frozen=True, slots=True)
class Pair:
    one: int
    other: str = "b"


def test_equal_records_are_equal_and_have_the_same_hash():
    assert Pair(1) == Pair(1, "b")
    assert hash(Pair(1)) == hash(Pair(1, "b"))
    assert Pair(1) != Pair(2)


def test_a_copy_with_a_change_is_another_record():
    pair = Pair(1)
    assert replace(pair, other="c") == Pair(1, "c")
    assert pair == Pair(1)
