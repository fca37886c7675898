from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0002_waits_and_queue")]

    operations = [
        migrations.AddField(model_name="run", name="trace", field=models.TextField(db_default="")),
    ]
