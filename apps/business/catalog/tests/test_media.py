import io
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.business.catalog import commands, queries
from apps.business.catalog.commands import media as rules
from apps.business.catalog.commands.media import REMOVED_FOR
from apps.business.catalog.errors import InvalidProduct, MediaNotFound, ProductNotFound, TooManyMedia
from apps.business.catalog.errors import ProductDeleted as ProductIsDeleted
from apps.business.catalog.events import ProductMediaChanged
from apps.business.catalog.models import ProductMedia
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


def restore(product, media):
    commands.restore_media(product_id=product.id, media_id=media.id, actor=SYSTEM, now=timezone.now())


def describe(product, media, alt):
    commands.describe_media(product_id=product.id, media_id=media.id, alt=alt, actor=SYSTEM, now=timezone.now())


def arrange(product, *media):
    ids = [one.id for one in media]
    commands.arrange_media(product_id=product.id, media_ids=ids, actor=SYSTEM, now=timezone.now())


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
        assert published[-1] == ProductMediaChanged(
            product_id=product.id, file_ids=[first.file_id, second.file_id], alts=["From the left", ""]
        )

    def test_is_taken_away_for_a_week_and_then_for_good(self, published):
        product = ProductFactory()
        media, other = add(product), add(product)

        for _ in range(2):
            remove(product, media)

        assert [one.id for one in queries.media_of(product.id)] == [other.id]
        assert published[-1] == ProductMediaChanged(product_id=product.id, file_ids=[other.file_id], alts=[""])
        assert commands.drop_removed_media(now=timezone.now() + REMOVED_FOR - timedelta(hours=1)) == 0
        assert [commands.drop_removed_media(now=timezone.now() + REMOVED_FOR) for _ in range(2)] == [1, 0]
        assert [file.id for file in StoredFile.objects.using("business").all()] == [other.file_id]
        with pytest.raises(MediaNotFound):
            restore(product, media)

    def test_comes_back_where_it_was(self, monkeypatch):
        product = ProductFactory()
        media, other = add(product), add(product)
        remove(product, media)
        with pytest.raises(MediaNotFound):
            describe(product, media, "Gone")

        for _ in range(2):
            restore(product, media)

        assert [one.id for one in queries.media_of(product.id)] == [media.id, other.id]
        remove(product, media)
        monkeypatch.setattr(rules, "MOST_MEDIA", 1)
        with pytest.raises(TooManyMedia):
            restore(product, media)

    def test_is_described_and_put_in_order(self, published):
        product = ProductFactory()
        first, second, third = add(product), add(product), add(product)

        describe(product, third, "From behind")
        for _ in range(2):
            arrange(product, third, first, second)
        fourth = add(product)

        shown = queries.media_of(product.id)
        assert [one.id for one in shown] == [third.id, first.id, second.id, fourth.id]
        assert published[-2].alts == ["From behind", "", ""]
        assert len(published) == 6

    @pytest.mark.parametrize("named", [(), (0,), (0, 0), (0, 1, 2)])
    def test_is_arranged_by_those_who_know_all_of_it(self, named):
        product = ProductFactory()
        media = [add(product), add(product), add(ProductFactory())]

        with pytest.raises(InvalidProduct):
            arrange(product, *(media[place] for place in named))

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
            for deed in (remove, restore, arrange, lambda *named: describe(*named, "Mine")):
                with pytest.raises(ProductNotFound):
                    deed(product, media)

    def test_shows_no_file_of_another_tenant(self, other_tenant_id):
        theirs = add(ProductFactory())

        with tenant(other_tenant_id):
            product = ProductFactory()
            ProductMedia(product_id=product.id, file_id=theirs.file_id, created_at=timezone.now()).save()
            assert queries.pictures_of(product.id) == []
