"""An account for money that no provider of ours took."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="ledgeraccount",
            name="code",
            field=models.CharField(
                choices=[
                    ("provider", "Balance at the provider"),
                    ("receivables", "Owed by customers"),
                    ("fees", "Fees of the provider"),
                    ("bank", "Bank account"),
                    ("elsewhere", "Taken elsewhere"),
                ],
                max_length=16,
            ),
        ),
    ]
