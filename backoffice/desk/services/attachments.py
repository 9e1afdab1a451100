"""Attachments: one mechanism for every desk."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from pathlib import PurePath

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from backoffice.audit.services import act
from backoffice.core.errors import InputRefused
from backoffice.core.models import Dossier
from backoffice.desk import filetypes
from backoffice.desk.models import Attachment
from backoffice.privacy.services import set_text
from backoffice.staff.models import User


def store_attachment(
    *, dossier: Dossier, kind: str, name: str, content: bytes, origin: str, by: User, at: datetime
) -> Attachment:
    """Keep a file in a dossier. Raises ``InputRefused`` (field ``file``) when it is empty, too large, of a kind we
    do not take, or not what its name says.

    The name is encrypted (people put names into them); on the disk the file has a random one. Should the
    caller's transaction fail later, an unreferenced file stays behind, never a row without its file.
    """
    if not content:
        raise InputRefused(_("The file is empty."), field="file")
    if len(content) > filetypes.MAX_BYTES:
        raise InputRefused(_("The file is larger than 20 MB."), field="file")
    found = filetypes.sniff(name, content)
    if found is None:
        taken = ", ".join(sorted(filetypes.TYPES))
        raise InputRefused(
            _("This file is not of a kind we take, or not what its name says. Taken: %(kinds)s.")
            % {"kinds": taken},
            field="file",
        )
    with act(by=by, at=at, code="attachment.stored"):
        attachment = Attachment(
            dossier=dossier,
            kind=kind,
            origin=origin,
            content_type=found.content_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            added_at=at,
            added_by=by,
        )
        # A name may come with a path from old browsers; only its last part is one.
        plain_name = PurePath(name.replace("\\", "/")).name[:200]
        set_text(attachment, "name_cipher", plain_name, dossier_id=dossier.pk)
        attachment.file.save(f"{uuid.uuid4().hex}.{found.extension}", ContentFile(content), save=False)
        try:
            attachment.save()
        except BaseException:
            attachment.file.delete(save=False)
            raise
    return attachment
