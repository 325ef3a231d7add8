"""手填的满意率附第三方出具的文件（R-092）。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessment', '0004_dismissals'),
    ]

    operations = [
        migrations.CreateModel(
            name='SatisfactionFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='文件名')),
                ('content', models.BinaryField(verbose_name='内容')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('satisfaction', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='file', to='assessment.satisfaction', verbose_name='满意率')),
            ],
            options={
                'verbose_name': '满意率的依据',
            },
        ),
    ]
