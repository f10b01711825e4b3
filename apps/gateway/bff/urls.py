from django.urls import path

from apps.gateway.bff import backchannel, impersonating, views

app_name = "bff"
urlpatterns = [
    path("login", views.Login.as_view(), name="login"),
    path("callback", views.Callback.as_view(), name="callback"),
    path("logout", views.Logout.as_view(), name="logout"),
    path("backchannel-logout", backchannel.BackchannelLogout.as_view(), name="backchannel-logout"),
    path("impersonation/start", impersonating.Start.as_view(), name="impersonation-start"),
    path("impersonation/stop", impersonating.Stop.as_view(), name="impersonation-stop"),
    path("session", views.Session.as_view(), name="session"),
    path("tenant", views.Tenant.as_view(), name="tenant"),
    path("signed-out", views.SignedOut.as_view(), name="signed-out"),
]
