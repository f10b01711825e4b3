from django.db import migrations


class Migration(migrations.Migration):
    """Changes nothing; what counts is that it has not been applied."""
