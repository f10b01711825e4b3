"""What errors said is sealed: it may name people."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0004_archive"), ("crypto", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="deadletter",
            name="words",
            field=models.TextField(
                db_default="", default="", help_text="What the error said, sealed: `failures.words_of`."
            ),
        ),
        migrations.AlterField(
            model_name="deadletter",
            name="reason",
            field=models.TextField(help_text="Kind and place of the error; nothing that it quotes."),
        ),
        migrations.AlterField(
            model_name="deadletter",
            name="traceback",
            field=models.TextField(default="", help_text="Sealed too."),
        ),
    ]
