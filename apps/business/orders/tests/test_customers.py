import pytest
from django.utils import timezone

from apps.business.orders import commands, queries
from apps.business.orders.errors import CustomerCodeTaken, CustomerNotFound, InvalidCustomer
from apps.business.orders.tests.factories import ADA, CustomerFactory
from apps.core.errors import PreconditionFailed
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


def create(**changes):
    content = commands.NewCustomer(**{"code": "17850", "name": "Ida Vogel", **changes})
    return commands.create_customer(customer=content, actor=ADA, now=timezone.now())


def update(customer, expected_version=None, **changes):
    return commands.update_customer(
        customer_id=customer.id, changes=changes, expected_version=expected_version, actor=ADA, now=timezone.now()
    )


class TestCreateCustomer:
    def test_can_be_found_by_the_beginning_of_the_name_and_by_the_code(self):
        customer = create()

        for text in ("ida", "17850"):
            assert list(queries.customers().filter(queries.customer_matches(text))) == [customer]

    def test_refuses_a_code_that_is_taken_in_this_tenant_only(self, other_tenant_id):
        create()

        with pytest.raises(CustomerCodeTaken):
            create()
        with tenant(other_tenant_id):
            assert create().code == "17850"

    @pytest.mark.parametrize(("field", "value"), [("code", ""), ("name", " "), ("email", "nowhere")])
    def test_refuses_what_breaks_a_rule(self, field, value):
        with pytest.raises(InvalidCustomer) as refused:
            create(**{field: value})

        assert list(refused.value.errors) == [field]


class TestUpdateCustomer:
    def test_changes_what_is_known_and_repeats_without_a_trace(self):
        customer = CustomerFactory()

        assert update(customer, name="New Name").version == 2
        assert update(customer, name="New Name").version == 2

    def test_refuses_another_version_and_a_taken_code(self):
        customer, other = CustomerFactory(), CustomerFactory()

        with pytest.raises(PreconditionFailed):
            update(customer, expected_version=4, name="x")
        with pytest.raises(CustomerCodeTaken):
            update(customer, code=other.code)

    def test_does_not_find_a_customer_of_another_tenant(self, other_tenant_id):
        customer = CustomerFactory()

        with tenant(other_tenant_id), pytest.raises(CustomerNotFound):
            update(customer, name="Theirs")
