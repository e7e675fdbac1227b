"""The table of value types, row by row."""

import pytest

from wxcloudrun.simulator.endpoints.subscribe_values import fits, type_of

GOOD = [
    ("thing1", "今天的回归测试 ok 3/3"),
    ("thing01", "字" * 20),
    ("number1", "9" * 32),
    ("number1", "-12.5"),
    ("letter1", "A" * 32),
    ("symbol1", "#%&*!"),
    ("character_string1", "run-42/abc#1"),
    ("time1", "08:30"),
    ("time1", "2026-11-20 15:01:07"),
    ("time1", "2019年10月1日 15:01"),
    ("time1", "09:00~10:30"),
    ("date1", "2026-11-20"),
    ("date1", "2026年11月20日"),
    ("date1", "2026/11/20"),
    ("date1", "2026.11.20"),
    ("date1", "2026-11"),
    ("date1", "11-20"),
    ("date1", "2026-11-20 08:30"),
    ("date1", "2026-11-20~2026-11-21"),
    ("amount1", "¥1234567890.12"),
    ("amount1", "100元"),
    ("phone_number1", "+86-0766-66888866"),
    ("car_number1", "粤A8Z888挂"),
    ("name1", "张三"),
    ("name1", "John Smith"),
    ("phrase1", "已通过"),
    ("enum1", "高"),
]

BAD = [
    ("thing1", ""),
    ("thing1", "字" * 21),
    ("thing1", "two\nlines"),
    ("thing1", "tab\t"),
    ("number1", "9" * 33),
    ("number1", "twelve"),
    ("letter1", "abc1"),
    ("letter1", "A" * 33),
    ("symbol1", "######"),
    ("symbol1", "#a"),
    ("character_string1", "有中文"),
    ("character_string1", "a" * 33),
    ("time1", "25:00"),
    ("time1", "2026-11-20"),
    ("time1", "08:00~09:00~10:00"),
    ("date1", "tomorrow"),
    ("date1", "08:30"),
    ("amount1", "12345678901"),
    ("amount1", "¥¥1"),
    ("phone_number1", "1" * 18),
    ("phone_number1", "abc"),
    ("car_number1", "粤A8Z8888挂"),
    ("car_number1", "粤A中Z888"),
    ("name1", "名" * 11),
    ("name1", "a" * 21),
    ("name1", "agent 007"),
    ("phrase1", "六个中文字了"),
    ("phrase1", "ok"),
    ("enum1", "中"),
    ("mystery1", "x"),
]


@pytest.mark.parametrize(("key", "value"), GOOD)
def test_a_value_within_its_type_fits(key, value):
    assert fits(key, value, ("高", "低"))


@pytest.mark.parametrize(("key", "value"), BAD)
def test_a_value_outside_its_type_does_not_fit(key, value):
    assert not fits(key, value, ("高", "低"))


def test_a_key_is_a_type_and_a_number():
    assert type_of("character_string12") == "character_string"
    assert type_of("enum1") == "enum"
    assert type_of("thing") is None
    assert type_of("mystery1") is None
