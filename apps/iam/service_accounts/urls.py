from django.urls import path

from apps.iam.service_accounts import api, key_pages, keys_api, pages

_API = "api/v1/service-accounts/<uuid:service_account_id>"
_PAGE = "service-accounts/<uuid:account_id>"

urlpatterns = [
    path("api/v1/service-accounts", api.ServiceAccounts.as_view()),
    path(_API, api.ServiceAccountDetail.as_view()),
    path(f"{_API}/restoration", api.ServiceAccountRestoration.as_view()),
    path(f"{_API}/roles", api.ServiceAccountRoles.as_view()),
    path(f"{_API}/client", api.ServiceAccountClient.as_view()),
    path(f"{_API}/keys", keys_api.ServiceAccountKeys.as_view()),
    path(f"{_API}/keys/<uuid:key_id>", keys_api.ServiceAccountKey.as_view()),
    path(f"{_API}/keys/<uuid:key_id>/rotation", keys_api.ServiceAccountKeyRotation.as_view()),
    path("api/v1/me/keys", keys_api.OwnKeys.as_view()),
    path("api/v1/me/keys/<uuid:key_id>", keys_api.OwnKey.as_view()),
    path("api/v1/me/keys/<uuid:key_id>/rotation", keys_api.OwnKeyRotation.as_view()),
    path("service-accounts/", pages.account_list),
    path("service-accounts/new", pages.account_new),
    path(f"{_PAGE}/", pages.account_detail),
    path(f"{_PAGE}/roles", pages.account_roles),
    path(f"{_PAGE}/state", pages.account_state),
    path(f"{_PAGE}/deletion", pages.account_deletion),
    path(f"{_PAGE}/restoration", pages.account_restoration),
    path(f"{_PAGE}/client", pages.account_client),
    path(f"{_PAGE}/keys/new", key_pages.account_key_new),
    path(f"{_PAGE}/keys/<uuid:key_id>/rotation", key_pages.account_key_rotation),
    path(f"{_PAGE}/keys/<uuid:key_id>/revocation", key_pages.account_key_revocation),
    path("account/keys/", key_pages.my_keys),
    path("account/keys/new", key_pages.my_key_new),
    path("account/keys/<uuid:key_id>/rotation", key_pages.my_key_rotation),
    path("account/keys/<uuid:key_id>/revocation", key_pages.my_key_revocation),
]
