import io

import pytest
from django.utils import timezone

from apps.business.catalog import commands, queries
from apps.business.catalog.commands import media as rules
from apps.business.catalog.errors import InvalidProduct, MediaNotFound, ProductNotFound, TooManyMedia
from apps.business.catalog.errors import ProductDeleted as ProductIsDeleted
from apps.business.catalog.events import ProductMediaChanged
from apps.business.catalog.tests.factories import ProductFactory
from apps.core.files.errors import FileRefused
from apps.core.files.models import StoredFile
from apps.core.files.testing import image
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant", "file_folder")]


def add(product, content=None, **facts):
    stream = io.BytesIO(image() if content is None else content)
    facts = {"name": "tea.png", **facts}
    return commands.add_media(product_id=product.id, stream=stream, actor=SYSTEM, now=timezone.now(), **facts)


def remove(product, media):
    commands.remove_media(product_id=product.id, media_id=media.id, actor=SYSTEM, now=timezone.now())


class TestMedia:
    def test_shows_a_product_in_the_order_in_which_it_was_added(self, published, client):
        product = ProductFactory()

        first, second = add(product, alt="From the left"), add(product, name="back.png")

        shown = queries.pictures_of(product.id)
        assert [(one.id, one.name, one.alt) for one in shown] == [
            (first.id, "tea.png", "From the left"),
            (second.id, "back.png", ""),
        ]
        assert client.get(shown[0].url).status_code == 200
        assert published[-1] == ProductMediaChanged(product_id=product.id, file_ids=[first.file_id, second.file_id])

    def test_goes_with_its_file(self, published):
        product = ProductFactory()
        media = add(product)

        remove(product, media)

        assert queries.media_of(product.id) == []
        assert not StoredFile.objects.using("business").exists()
        assert published[-1] == ProductMediaChanged(product_id=product.id, file_ids=[])

    def test_is_an_image_whatever_it_is_called(self):
        product = ProductFactory()

        with pytest.raises(FileRefused):
            add(product, b"<script>alert(1)</script>", name="tea.png")
        assert queries.media_of(product.id) == []

    def test_has_limits(self, monkeypatch):
        product = ProductFactory()
        monkeypatch.setattr(rules, "MOST_MEDIA", 1)
        add(product)

        with pytest.raises(TooManyMedia):
            add(product)
        with pytest.raises(InvalidProduct):
            add(product, alt="x" * 201)

    def test_is_added_to_no_product_that_is_deleted(self):
        product = ProductFactory()
        commands.delete_product(product_id=product.id, actor=SYSTEM, now=timezone.now())

        with pytest.raises(ProductIsDeleted):
            add(product)

    def test_is_found_neither_by_another_product_nor_another_tenant(self, other_tenant_id):
        product = ProductFactory()
        media = add(product)

        with pytest.raises(MediaNotFound):
            remove(ProductFactory(), media)
        with tenant(other_tenant_id):
            assert queries.pictures_of(product.id) == []
            with pytest.raises(ProductNotFound):
                remove(product, media)
