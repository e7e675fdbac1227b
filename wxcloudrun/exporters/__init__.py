"""From what a run gave to files that other programs and people read: JUnit, Allure, HAR, CSV, HTML. Pure."""
