from django.urls import path

from apps.business.invoicing import api, pages

urlpatterns = [
    path("api/v1/invoices", api.Invoices.as_view()),
    path("api/v1/invoices/file", api.InvoicesFile.as_view()),
    path("api/v1/invoices/<uuid:invoice_id>", api.InvoiceDetail.as_view()),
    path("api/v1/invoices/<uuid:invoice_id>/pdf", api.InvoicePdf.as_view()),
    path("api/v1/invoice-seller", api.InvoiceSeller.as_view()),
    path("invoices/", pages.invoice_list),
    path("invoices/file", pages.invoices_file),
    path("invoices/seller", pages.invoice_seller),
    path("invoices/<uuid:invoice_id>/", pages.invoice_detail),
    path("invoices/<uuid:invoice_id>/pdf", pages.invoice_pdf),
]
