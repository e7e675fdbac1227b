"""Faults of fields: when they refuse a request, and how much they tell."""

import pytest

from wxcloudrun.core.errors import MOST_FAULTS, FieldFault, InvalidInput, not_usable, refuse
from wxcloudrun.engine.errors import DefinitionError


def test_without_faults_nothing_is_refused():
    refuse([])


def test_of_endless_faults_some_are_told():
    with pytest.raises(InvalidInput) as refused:
        refuse(FieldFault("tags", "given_twice") for _ in iter(int, 1))
    assert len(refused.value.fields) == MOST_FAULTS


def test_an_objection_is_told_with_its_place_and_its_words():
    told = not_usable(DefinitionError("request.url", "no such host: a b", 12), ["request.auth.token"])
    assert told == FieldFault("request.url", "not_usable", 12, "no such host: a b")


@pytest.mark.parametrize("field", ["auth.token", "auth.token.0", "auth.token.value.x"])
def test_of_a_secret_only_the_place_is_told(field: str):
    assert not_usable(DefinitionError(field, "CANARY is no token", 3), ["auth.token"]) == FieldFault(
        field, "not_usable"
    )


def test_a_name_that_begins_like_a_secrets_is_another_one():
    assert not_usable(DefinitionError("auth.token_url", "no URL"), ["auth.token"]).detail == "no URL"
