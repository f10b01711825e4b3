"""Fixtures of the business features' tests."""

import pytest
from django.test import Client


@pytest.fixture
def browser(caller):
    """`browser("clerk")`: a client of somebody with that role that sends forms and reads pages."""

    def make(role="manager", **kwargs):
        return Client(headers={"authorization": f"Bearer {caller(role, **kwargs).token()}", "accept": "text/html"})

    return make
