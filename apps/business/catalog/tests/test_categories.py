import pytest
from django.utils import timezone

from apps.business.catalog import commands, queries
from apps.business.catalog.commands.categories import DEEPEST
from apps.business.catalog.errors import (
    CategoryInUse,
    CategoryMisplaced,
    CategoryNotFound,
    CategoryTaken,
    InvalidCategory,
    ProductNotFound,
)
from apps.business.catalog.events import CategoryDeleted, CategoryPlaced, CategoryRestored, ProductCategorised
from apps.business.catalog.tests.factories import ProductFactory
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


def create(name, parent=None):
    parent_id = parent.id if parent else None
    return commands.create_category(name=name, parent_id=parent_id, actor=SYSTEM, now=timezone.now())


def place(category, *, name=None, parent=None):
    return commands.place_category(
        category_id=category.id,
        name=name or category.name,
        parent_id=parent.id if parent else None,
        actor=SYSTEM,
        now=timezone.now(),
    )


def delete(category):
    commands.delete_category(category_id=category.id, actor=SYSTEM, now=timezone.now())


def restore(category):
    return commands.restore_category(category_id=category.id, actor=SYSTEM, now=timezone.now())


def categorise(product, *categories):
    ids = [category.id for category in categories]
    commands.categorise(product_id=product.id, category_ids=ids, actor=SYSTEM, now=timezone.now())


def paths():
    return [shelf.path for shelf in queries.category_tree()]


class TestTheTree:
    def test_is_read_from_the_top(self, published):
        kitchen = create("Kitchen")
        tea = create("Tea", kitchen)
        create("Garden")

        assert paths() == ["Garden", "Kitchen", "Kitchen / Tea"]
        assert published[1] == CategoryPlaced(category_id=tea.id, name="Tea", parent_id=kitchen.id)

    def test_moves_a_branch_with_all_that_is_on_it(self):
        kitchen, garden = create("Kitchen"), create("Garden")
        create("Pots", create("Tea", kitchen))

        place(queries.category(queries.category_tree()[2].id), parent=garden)

        assert paths() == ["Garden", "Garden / Tea", "Garden / Tea / Pots", "Kitchen"]

    def test_lets_nothing_be_moved_below_itself(self, published):
        kitchen = create("Kitchen")
        tea = create("Tea", kitchen)
        pots = create("Pots", tea)

        for below in (kitchen, tea, pots):
            with pytest.raises(CategoryMisplaced):
                place(kitchen, parent=below)
        assert paths() == ["Kitchen", "Kitchen / Tea", "Kitchen / Tea / Pots"]
        assert len(published) == 3

    def test_has_an_end(self):
        branch = create("0")
        for depth in range(1, DEEPEST + 1):
            branch = create(str(depth), branch)

        with pytest.raises(CategoryMisplaced):
            create("too deep", branch)
        with pytest.raises(CategoryMisplaced):
            place(queries.category(queries.category_tree()[0].id), name="0", parent=create("under this"))

    def test_has_each_name_once_in_a_place(self):
        create("Tea", create("Kitchen"))
        create("Tea")

        with pytest.raises(CategoryTaken):
            create("Tea")

    @pytest.mark.parametrize("name", ["", " ", "x" * 101, " Tea"])
    def test_names_what_can_be_read(self, name):
        with pytest.raises(InvalidCategory):
            create(name)

    def test_announces_nothing_where_nothing_changes(self, published):
        place(create("Tea"))

        assert len(published) == 1

    def test_loses_only_branches_that_are_empty(self, published):
        kitchen = create("Kitchen")
        tea = create("Tea", kitchen)

        with pytest.raises(CategoryInUse):
            delete(kitchen)
        delete(tea)
        delete(kitchen)

        assert paths() == []
        assert published[-1] == CategoryDeleted(category_id=kitchen.id)

    def test_is_each_tenants_own(self, other_tenant_id):
        kitchen = create("Kitchen")

        with tenant(other_tenant_id):
            assert paths() == []
            for attempt in (
                lambda: create("Tea", kitchen),
                lambda: delete(kitchen),
                lambda: restore(kitchen),
                lambda: place(kitchen),
            ):
                with pytest.raises(CategoryNotFound):
                    attempt()


class TestRestoring:
    def test_brings_back_the_category_and_the_places_of_its_products(self, published):
        product, kitchen = ProductFactory(), create("Kitchen")
        categorise(product, kitchen)
        for _ in range(2):
            delete(kitchen)
        categorise(product, garden := create("Garden"))

        for _ in range(2):
            restore(kitchen)

        assert paths() == ["Garden", "Kitchen"]
        assert queries.categories_of(product.id) == {kitchen.id, garden.id}
        assert queries.product_counts() == {kitchen.id: 1, garden.id: 1}
        assert [event for event in published if isinstance(event, CategoryRestored)] == [
            CategoryRestored(category_id=kitchen.id, name="Kitchen", parent_id=None)
        ]

    def test_needs_its_place_to_be_there_and_free(self):
        kitchen = create("Kitchen")
        tea = create("Tea", kitchen)
        delete(tea)
        delete(kitchen)

        with pytest.raises(CategoryMisplaced):
            restore(tea)
        create("Kitchen")
        with pytest.raises(CategoryTaken):
            restore(kitchen)
        assert [one.name for one in queries.deleted_categories()] == ["Kitchen", "Tea"]


class TestProductsIn:
    def test_are_those_of_the_whole_branch(self):
        product, elsewhere, kitchen = ProductFactory(), ProductFactory(), create("Kitchen")
        tea = create("Tea", kitchen)
        categorise(product, tea)
        categorise(elsewhere, create("Garden"))

        for category in (kitchen, tea):
            assert [found.id for found in queries.products(category=category.id)] == [product.id]


class TestCategorise:
    def test_lets_a_product_stand_in_several(self, published):
        product, kitchen, gifts = ProductFactory(), create("Kitchen"), create("Gifts")

        categorise(product, kitchen, gifts)
        categorise(product, gifts, kitchen)

        assert queries.categories_of(product.id) == {kitchen.id, gifts.id}
        assert [event for event in published if isinstance(event, ProductCategorised)] == [
            ProductCategorised(product_id=product.id, category_ids=sorted([kitchen.id, gifts.id]))
        ]
        delete(gifts)
        assert queries.categories_of(product.id) == {kitchen.id}

    def test_finds_neither_product_nor_category_of_another_tenant(self, other_tenant_id):
        product, kitchen = ProductFactory(), create("Kitchen")

        with tenant(other_tenant_id):
            with pytest.raises(ProductNotFound):
                categorise(product)
            with pytest.raises(CategoryNotFound):
                categorise(ProductFactory(), kitchen)
