import pytest

from apps.iam.sessions.devices import UNKNOWN, device_name

MOZILLA = "Mozilla/5.0 "


class TestDeviceName:
    @pytest.mark.parametrize(
        ("user_agent", "name"),
        [
            (MOZILLA + "(X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
            (
                MOZILLA + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                MOZILLA + "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                "Version/26.0 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                MOZILLA + "(Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/142.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                MOZILLA + "(iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                "CriOS/142.0.0.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                MOZILLA + "(X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/142.0.0.0 Safari/537.36",
                "Chrome on ChromeOS",
            ),
            ("curl/8.5.0", "curl"),
            ("python-requests/2.32.5", "Python"),
            ("", UNKNOWN),
            ("<script>alert(1)</script>", UNKNOWN),
        ],
    )
    def test_is_what_people_call_it(self, user_agent, name):
        assert device_name(user_agent) == name
