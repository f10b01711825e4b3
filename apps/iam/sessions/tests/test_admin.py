"""Sessions in the admin, for platform staff: to look up, and to change nothing."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.iam.sessions.tests.factories import SessionFactory
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    client = Client()
    client.force_login(UserFactory(is_platform_staff=True))
    return client


class TestSessionAdmin:
    def test_lists_sessions_and_deliveries(self, admin):
        session = SessionFactory()

        assert session.user.email in admin.get("/admin/iam_sessions/session/").content.decode()
        assert admin.get("/admin/iam_sessions/logoutnotice/").status_code == 200

    def test_changes_nothing(self, admin):
        session = SessionFactory()

        assert admin.get("/admin/iam_sessions/session/add/").status_code == 403
        assert admin.post(f"/admin/iam_sessions/session/{session.id}/delete/").status_code == 403
