"""What may be said of a client: addresses, scopes, lifetimes."""

from __future__ import annotations

import pytest

from apps.iam.oidc.clients import uris
from apps.iam.oidc.clients.errors import InvalidApplication
from apps.iam.oidc.clients.facts import apply
from apps.iam.oidc.models import Application

WEB, NATIVE, SPA, MACHINE = Application.Kind.values


def changed(kind: str, **facts) -> tuple[Application, list[str]]:
    public = kind in (NATIVE, SPA)
    client = Application(kind=kind, client_type="public" if public else "confidential")
    return client, apply(client, facts)


def complaints(kind: str, **facts) -> dict[str, list[str]]:
    with pytest.raises(InvalidApplication) as refusal:
        changed(kind, **facts)
    return refusal.value.errors


class TestRedirectAddresses:
    @pytest.mark.parametrize(
        ("kind", "uri"),
        [
            (WEB, "https://shop.example/callback"),
            (WEB, "https://shop.example:8443/callback?to=here"),
            (WEB, "http://localhost:3000/callback"),
            (WEB, "http://127.0.0.1:3000/callback"),
            (SPA, "https://shop.example/"),
            (NATIVE, "https://shop.example/app/callback"),
            (NATIVE, "http://127.0.0.1/callback"),
            (NATIVE, "http://[::1]/callback"),
        ],
    )
    def test_are_taken(self, kind, uri):
        client, _ = changed(kind, redirect_uris=[uri])

        assert client.redirect_uri_allowed(uri)

    @pytest.mark.parametrize(
        ("kind", "uri", "advice"),
        [
            (WEB, "http://shop.example/callback", "begin it with https://"),
            (WEB, "ftp://shop.example/callback", "begin it with https://"),
            (WEB, "https://shop.example/callback#done", "leave out the fragment"),
            (WEB, "https://shop.example/callback#", "leave out the fragment"),
            (WEB, "https://*.shop.example/callback", "leave out the wildcard"),
            (WEB, "https://ada@shop.example/callback", "leave out the user name"),
            (WEB, "https://shop.example@evil.example/callback", "leave out the user name"),
            (WEB, "https://shop.example/a/../callback", "leave out . and .."),
            (WEB, "https://shop.example/c b", "without spaces"),
            (WEB, "https://shop.example\\@evil.example/", "without spaces and backslashes"),
            (WEB, "https://shöp.example/", "ASCII"),
            (WEB, "https://shop.example:port/", "write it in full"),
            (WEB, "/callback", "write it in full"),
            (WEB, "https:///callback", "write it in full"),
            (WEB, "javascript:alert(1)", "write it in full"),
            (WEB, "https://" + "x" * 500, "at most 500"),
            (NATIVE, "com.shop.app:/callback", "claimed"),
            (NATIVE, "http://localhost/callback", "http://127.0.0.1/"),
            (NATIVE, "http://shop.example/callback", "begin it with https://"),
            (MACHINE, "https://shop.example/callback", "leave this empty"),
        ],
    )
    def test_are_refused_with_words_on_what_to_do(self, kind, uri, advice):
        assert advice in complaints(kind, redirect_uris=[uri])["redirect_uris"][0]

    def test_are_needed_where_people_sign_in(self):
        assert "at least one" in complaints(WEB, redirect_uris=[])["redirect_uris"][0]

    def test_are_each_complained_of(self):
        wrong = complaints(WEB, redirect_uris=["http://a.example/", "https://ok.example/", "https://b.example/#"])

        assert [text.split(": ")[0] for text in wrong["redirect_uris"]] == ["http://a.example/", "https://b.example/#"]

    def test_may_use_any_port_of_this_machine_in_a_native_application_only(self):
        native, _ = changed(NATIVE, redirect_uris=["http://127.0.0.1/callback"])
        web, _ = changed(WEB, redirect_uris=["http://127.0.0.1:1/callback"])

        assert native.redirect_uri_allowed("http://127.0.0.1:51234/callback")
        assert not native.redirect_uri_allowed("http://127.0.0.1:51234/other")
        assert not native.redirect_uri_allowed("http://127.0.0.1.evil.example/callback")
        assert not web.redirect_uri_allowed("http://127.0.0.1:2/callback")

    def test_of_a_single_page_application_may_call_the_token_endpoint_from_there(self):
        client, names = changed(SPA, redirect_uris=["https://shop.example/a", "https://shop.example/b"])

        assert client.allowed_origins == "https://shop.example"
        assert names == ["redirect_uris", "allowed_origins"]


class TestOtherFacts:
    @pytest.mark.parametrize(
        ("facts", "advice"),
        [
            ({"name": " "}, "1 to 100"),
            ({"name": "x\u202ey"}, "1 to 100"),
            ({"description": "x" * 501}, "at most 500"),
            ({"logo_uri": "http://shop.example/logo.png"}, "https://"),
            ({"logo_uri": "data:image/png;base64,x"}, "write it in full"),
            ({"allowed_scopes": ["openid", "root"]}, "no scope root"),
            ({"access_token_lifetime_s": 59}, "60 to 3600"),
            ({"access_token_lifetime_s": 3601}, "60 to 3600"),
            ({"refresh_token_lifetime_s": 299}, "300 to"),
        ],
    )
    def test_are_refused_with_words_on_what_to_do(self, facts, advice):
        assert advice in complaints(WEB, **facts)[next(iter(facts))][0]

    def test_are_written_together_or_not_at_all_told(self):
        assert set(complaints(WEB, name="", logo_uri="x")) == {"name", "logo_uri"}

    def test_that_are_the_same_change_nothing(self):
        client, _ = changed(WEB, name="Shop", allowed_scopes=["openid"])

        assert apply(client, {"name": " Shop ", "allowed_scopes": ["openid"]}) == []

    def test_all_scopes_mean_those_to_come_too(self):
        client, _ = changed(MACHINE, allowed_scopes=["api"])

        assert client.allowed_scopes == ""
        assert "no scope email" in complaints(MACHINE, allowed_scopes=["email"])["allowed_scopes"][0]


def test_origins_are_as_browsers_name_them():
    assert uris.origin_of("https://shop.example:8443/a?b") == "https://shop.example:8443"
