"""The page of settings is true."""

from pathlib import Path

import config
from scripts.settings_doc import PAGE, page


def test_the_page_of_settings_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python scripts/settings_doc.py"


def test_every_setting_has_a_meaning():
    assert [name for name, field in config.Settings.model_fields.items() if not field.description] == []


def test_the_page_names_no_folder_of_the_machine_that_wrote_it():
    assert str(Path(config.__file__).parent) not in page()
