"""One step in several passes: repeat, for-each and rows of data."""

from tests.unit.engine.plans import plan_of, run, step


def test_repeat_and_for_each_give_one_result_a_pass(target):
    steps = [
        step(
            "/echo?n={{iteration}}",
            repeat={"times": 3},
            expect={"$.query.n": "{{n}}"},
            variables=[{"name": "n", "value": "x"}],
            stop_on_failure=False,
        ),
        step("/", extract={"items": "$.items"}),
        step("/echo?sku={{one.sku}}", for_each={"items": "{{items}}", "as": "one"}),
    ]
    results, _ = run(plan_of(target, steps))
    assert [one["query"].get("n") for one in target.seen[:3]] == ["0", "1", "2"]
    assert [one["query"]["sku"] for one in target.seen[4:]] == ["a", "b"]
    assert [result.path for result in results][-2:] == ["steps/2/iterations/0", "steps/2/iterations/1"]
    assert [result.iteration for result in results] == [0, 1, 2, None, 0, 1]


def test_for_each_over_something_that_is_no_list_is_an_error(target):
    results, _ = run(plan_of(target, [step("/", for_each={"items": "{{x}}"}, variables=[{"name": "x", "value": 5}])]))
    assert "items: an array is needed to go through, not a number" in results[0].error.message


def test_every_row_of_data_gives_a_result_of_its_own(target):
    datasets = [
        {
            "key": "good",
            "name": "right",
            "variables": {"who": "eve"},
            "body": {"password": "s3cret-password"},
            "expected": {"status": 200},
        },
        {"key": "bad", "name": "wrong", "variables": {"who": "eve"}, "expected": {"status": 401}},
        {"key": "off", "enabled": False},
    ]
    one = step(
        "/login",
        "POST",
        {"user": "{{who}}", "password": "no"},
        "{{expected.status}}",
        datasets=datasets,
        dataset={"mode": "all"},
    )
    results, _ = run(plan_of(target, [one]))
    assert [(result.dataset.key, result.iteration, result.outcome.value) for result in results] == [
        ("good", 0, "passed"),
        ("bad", 1, "passed"),
    ]
    assert results[0].dataset.row["body"] == {"password": "***"}
