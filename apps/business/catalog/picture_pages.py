"""The console's pictures of a product."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.catalog import commands, queries
from apps.business.catalog.forms import PicturesForm
from apps.business.catalog.permissions import ProductPermission
from apps.business.catalog.product_head import head_of, uuids
from apps.core.api.pages import page
from apps.core.errors import DomainError

_OF_PRODUCT = ("product", "product_id")


@page(get=ProductPermission.VIEW, post=ProductPermission.MANAGE, scoped_to=_OF_PRODUCT)
def product_pictures(request, product_id):
    """GET, POST /products/<id>/pictures/: in their order; POST adds those that were chosen."""
    if request.method != "POST":
        return _shown(request, product_id, PicturesForm())
    form = PicturesForm(request.POST, request.FILES)
    if form.is_valid():
        added = _add(request, product_id, form)
        if added:
            messages.success(request, f"Added {added} picture{'s' if added > 1 else ''}.")
        if not form.errors:
            return redirect(_here(product_id))
    return _shown(request, product_id, form, status=422)


@page(post=ProductPermission.MANAGE, scoped_to=_OF_PRODUCT)
def product_picture(request, product_id, media_id):
    """POST /products/<id>/pictures/<picture id>: say what it shows."""
    alt = request.POST.get("alt", "").strip()
    deed = commands.describe_media
    return _done(request, product_id, "Saved what it shows.", deed, media_id=media_id, alt=alt)


@page(post=ProductPermission.MANAGE, scoped_to=_OF_PRODUCT)
def product_picture_removal(request, product_id, media_id):
    """POST /products/<id>/pictures/<picture id>/removal"""
    undo = f"undo:{_here(product_id)}{media_id}/restoration"
    return _done(request, product_id, "Removed the picture.", commands.remove_media, tags=undo, media_id=media_id)


@page(post=ProductPermission.MANAGE, scoped_to=_OF_PRODUCT)
def product_picture_restoration(request, product_id, media_id):
    """POST /products/<id>/pictures/<picture id>/restoration"""
    return _done(request, product_id, "The picture is back.", commands.restore_media, media_id=media_id)


@page(post=ProductPermission.MANAGE, scoped_to=_OF_PRODUCT)
def product_pictures_order(request, product_id):
    """POST /products/<id>/pictures/order: all pictures in their new order; or `move`, one of them and by how much."""
    media_ids = uuids(request.POST.getlist("media_id"))
    moved, _, by = request.POST.get("move", "").partition(":")
    for media_id in uuids([moved]):
        media_ids = _moved(media_ids, media_id, -1 if by == "earlier" else 1)
    return _done(request, product_id, "", commands.arrange_media, media_ids=media_ids)


def _moved(media_ids, media_id, by):
    """At either end it stays where it is."""
    if media_id not in media_ids:
        return media_ids
    place = media_ids.index(media_id)
    rest = [one for one in media_ids if one != media_id]
    rest.insert(min(max(place + by, 0), len(rest)), media_id)
    return rest


def _add(request, product_id, form):
    """Add each of the files; what is refused is said by its name, and keeps none of the others back."""
    added = 0
    said = form.cleaned_data
    for file in said["file"]:
        try:
            commands.add_media(
                product_id=product_id,
                stream=file,
                name=file.name,
                alt=said["alt"],
                actor=request.actor,
                now=timezone.now(),
            )
        except DomainError as error:
            form.add_error("file", f"{file.name}: {error}")
        else:
            added += 1
    return added


def _done(request, product_id, words, deed, *, tags="", **wish):
    try:
        deed(product_id=product_id, **wish, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        if words:
            messages.success(request, words, extra_tags=tags)
    return redirect(_here(product_id))


def _here(product_id):
    return f"/products/{product_id}/pictures/"


def _shown(request, product_id, form, *, status=200):
    product = queries.product(product_id, with_deleted=True)
    context = {
        **head_of(product),
        "form": form,
        "pictures": queries.pictures_of(product_id),
        "most": commands.MOST_MEDIA,
    }
    return render(request, "products/pictures.html", context, status=status)
