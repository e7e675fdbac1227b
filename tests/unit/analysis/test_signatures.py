"""Failures of one cause have one key, those of different causes do not: measured over a labelled set."""

import json
import subprocess
import sys
from collections import Counter
from math import comb

from tests.unit.analysis.labelled import SHOP, Changing, answered, failures, unanswered
from wxcloudrun.analysis.signatures import nearness, signature_of


def pairwise(labelled):
    """Precision and recall of "these two have one cause" over all pairs."""
    both = Counter((one.label, signature_of(one.step).key) for one in labelled)
    labels = Counter(one.label for one in labelled)
    keys = Counter(signature_of(one.step).key for one in labelled)
    same = sum(comb(count, 2) for count in both.values())
    return same / sum(comb(count, 2) for count in keys.values()), same / sum(
        comb(count, 2) for count in labels.values()
    )


def mistakes(labelled):
    """What is merged and what is split, for whoever reads a failure of this test."""
    by_key, by_label = {}, {}
    for one in labelled:
        key = signature_of(one.step)
        by_key.setdefault(key.key, set()).add(one.label)
        by_label.setdefault(one.label, {})[key.key] = key.parts
    merged = [sorted(labels) for labels in by_key.values() if len(labels) > 1]
    split = {label: list(keys.values())[:2] for label, keys in by_label.items() if len(keys) > 1}
    return json.dumps({"merged": merged, "split": split}, ensure_ascii=False, indent=1)


def test_pairs_of_failures_are_told_apart_and_put_together():
    for seed in (1, 2, 3):
        labelled = list(failures(seed))
        assert len(labelled) >= 300
        precision, recall = pairwise(labelled)
        assert precision >= 0.98, mistakes(labelled)
        assert recall >= 0.90, mistakes(labelled)


def test_the_same_failure_has_the_same_key_in_another_process():
    step = next(iter(failures())).step
    program = "import json,sys;from wxcloudrun.analysis.signatures import signature_of;print(signature_of(json.load(sys.stdin)).key)"
    told = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", program], input=json.dumps(step), capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == signature_of(step).key


def test_the_key_of_a_known_failure_does_not_change_by_itself():
    step = answered(f"{SHOP}/api/orders/17", 500, {"error": "Oops", "message": "order 17 is broken"})
    assert signature_of(step).parts == {
        "phase": "assert", "host": "shop.example.com", "method": "GET", "path": "/api/orders/{id}", "status": "5xx",
        "check": "status eq", "error": "Oops", "said": "order # is broken", "message": "",
    }  # fmt: skip
    assert signature_of(step).key == "0301d412061a883f747db9b3912350aa"
    assert signature_of(step).title == "GET shop.example.com/api/orders/{id} 500: Oops order # is broken"


def test_what_is_near_is_alike_and_never_across_phases():
    one, other = (signature_of(answered(f"{SHOP}/api/orders/1", 500, {"message": text})).parts for text in (
        "lock wait timeout exceeded", "lock wait timeout was exceeded"))  # fmt: skip
    far = signature_of(answered(f"{SHOP}/x", 500, {"message": "disk full"})).parts
    refused = signature_of(unanswered(f"{SHOP}/api/orders/1", "connect", "refused")).parts
    assert nearness(one, one) == 1.0
    assert nearness(one, other) > 0.9 > 0.6 > nearness(one, far) > nearness(one, refused) == 0.0


def test_whatever_stands_in_a_body_gives_a_signature():
    changing = Changing(5)
    bodies = ["", "{", "[]", "[[[[[[1]]]]]]", "null", '{"error": null}', '{"errors": [null, 1]}', "<title>", "\ufeff{}",
              '{"code": {"a": []}}', "[" * 5000, "\x00", changing.token(20_000), '{"detail": [{"loc": null}]}']  # fmt: skip
    keys = {signature_of(answered(f"{SHOP}/a", 500, body)).key for body in bodies}
    assert len(keys) > 3
    assert signature_of({"name": "n", "message": None, "error_class": None, "status": None, "detail": {}}).key


def test_no_secretive_url_breaks_it():
    assert signature_of(unanswered("https://***[/x", "guard", "no")).parts["host"] == ""
