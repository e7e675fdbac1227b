"""Tests of the WeChat client."""
