"""The small server that runs are tried against."""

import pytest

from tests.unit.engine.plans import demo


@pytest.fixture
def target():
    with demo() as server:
        yield server
