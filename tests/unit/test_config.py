"""Settings that are refused, and what is said about them."""

from pathlib import Path

import pytest

import config


@pytest.mark.parametrize(
    "address", ["", "https://api.example.com", "http://127.0.0.1:8080/", "https://example.com/base"]
)
def test_an_address_under_which_uploads_are_fetched_is_taken(address: str, tmp_path: Path):
    assert config.load({"PUBLIC_URL": address}, flask_env="testing", data_dir=tmp_path).public_url == address


@pytest.mark.parametrize(
    "address", ["api.example.com", "ftp://example.com", "https://", "https://a b", "https://a/?x=1", "https://a/#x"]
)
def test_a_public_address_that_nobody_could_fetch_from_is_refused(address: str, tmp_path: Path):
    with pytest.raises(config.ConfigurationError, match="PUBLIC_URL"):
        config.load({"PUBLIC_URL": address}, flask_env="testing", data_dir=tmp_path)
