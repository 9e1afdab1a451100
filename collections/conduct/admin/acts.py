"""What the record calls the acts of the conduct desk."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.registry import registries

registries.act_labels.register_all(
    {
        "alleged_contact.registered": _("Contact outside our systems reported"),
        "alleged_contact.matched": _("Alleged contact matched with our record"),
    }
)
