from django.urls import path

from apps.business.payments import api, notices_api, pages, simulated_pages

_API = "api/v1/payments/<uuid:payment_id>"
_PAGE = "payments/<uuid:payment_id>"

urlpatterns = [
    path("api/v1/payments", api.Payments.as_view()),
    path(_API, api.PaymentDetail.as_view()),
    path(f"{_API}/capture", api.PaymentCapture.as_view()),
    path(f"{_API}/voiding", api.PaymentVoiding.as_view()),
    path(f"{_API}/refunds", api.PaymentRefunds.as_view()),
    path(f"{_API}/inquiry", api.PaymentInquiry.as_view()),
    path("api/v1/ledger/entries", api.LedgerEntries.as_view()),
    path("api/v1/ledger/trial-balance", api.TrialBalance.as_view()),
    path("api/v1/ledger/payouts", api.Payouts.as_view()),
    path("api/v1/payment-provider", api.PaymentProviderSetting.as_view()),
    path("api/v1/payment-notices/<str:provider>/<uuid:tenant_id>", notices_api.PaymentNotices.as_view()),
    path("pay/<uuid:account>/<slug:session_id>", simulated_pages.simulated_page),
    path("payments/", pages.payment_list),
    path(f"{_PAGE}/", pages.payment_detail),
    path(f"{_PAGE}/capture", pages.payment_capture),
    path(f"{_PAGE}/voiding", pages.payment_voiding),
    path(f"{_PAGE}/refunds", pages.payment_refunds),
    path(f"{_PAGE}/inquiry", pages.payment_inquiry),
    path("payments/ledger/", pages.ledger),
    path("payments/ledger/payouts", pages.payouts),
    path("payments/provider", pages.provider),
]
