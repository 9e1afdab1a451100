"""The kinds of personal data: how each is normalised, checked and masked (regulation.md §5, masking)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from stdnum.cn import ric
from stdnum.exceptions import ValidationError as StdnumError

from backoffice.core.errors import InputRefused
from backoffice.core.time import business_day

_COMPOUND_SURNAMES = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "司徒",
        "长孙",
        "宇文",
        "夏侯",
    ]
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal datum. ``indexed`` kinds can be searched for exactly, by blind index."""

    name: str
    normalise: Callable[[str], str]
    mask: Callable[[str], str]
    indexed: bool = True


def clean(value: str) -> str:
    """Full-width characters as plain ones, nothing at the ends."""
    return unicodedata.normalize("NFKC", value).strip()


def _name(value: str) -> str:
    return re.sub(r"\s+", " ", clean(value))


def _mask_name(value: str) -> str:
    if value[:2] in _COMPOUND_SURNAMES:
        return value[:2] + "*" * max(1, len(value) - 2)
    return value[:1] + "*" * max(1, min(len(value) - 1, 2))


#: Eleven digits without a carrier's code in front (11xxx, 12xxx, 179xx): nothing in them is left to interpret.
_PLAIN_MOBILE = re.compile(r"(?:\+86)?(1(?:[0345689][0-9]|7[0-8])[0-9]{8})")


def _phone(value: str) -> str:
    """E.164. Short service numbers (12378, 95xxx) and numbers that cannot be parsed are refused."""
    text = clean(value)
    # Nearly all numbers are such ones, and the library takes fifty times as long to say the same.
    if plain := _PLAIN_MOBILE.fullmatch(text):
        return f"+86{plain[1]}"
    return _parsed_phone(text)


def _parsed_phone(text: str) -> str:
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException as error:
        raise InputRefused(_("This is not a telephone number."), field="phone") from error
    if not phonenumbers.is_possible_number(number):
        raise InputRefused(_("This is not a possible telephone number."), field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _mask_phone(value: str) -> str:
    local = value.removeprefix("+86")
    if len(local) < 7:
        return "*" * len(local)
    return f"{local[:3]}****{local[-4:]}"


def _resident_id(value: str) -> str:
    """GB 11643, 18 digits. The area code is not judged: historical and invented ones are a warning elsewhere."""
    text = clean(value).upper().replace(" ", "")
    if not re.fullmatch(r"\d{17}[\dX]", text):
        raise InputRefused(_("A resident ID has 17 digits and a check character."), field="id_number")
    try:
        born = ric.get_birth_date(text)
    except StdnumError as error:
        raise InputRefused(
            _("The birth date in this resident ID does not exist."), field="id_number"
        ) from error
    if born > business_day(timezone.now()):
        raise InputRefused(_("The birth date in this resident ID lies in the future."), field="id_number")
    if ric.calc_check_digit(text) != text[-1]:
        raise InputRefused(_("The check character of this resident ID is wrong."), field="id_number")
    return text


def _other_id(value: str) -> str:
    text = re.sub(r"\s", "", clean(value)).upper()
    if not re.fullmatch(r"[0-9A-Z()\-]{5,30}", text):
        raise InputRefused(_("This is not a document number."), field="id_number")
    return text


def _mask_id(value: str) -> str:
    return value[:3] + "*" * max(3, len(value) - 7) + value[-4:] if len(value) >= 10 else value[:1] + "****"


def _email(value: str) -> str:
    text = clean(value).lower()
    try:
        validate_email(text)
    except ValidationError as error:
        raise InputRefused(_("This is not an e-mail address."), field="email") from error
    return text


def _mask_email(value: str) -> str:
    local, _at, domain = value.partition("@")
    return f"{local[:1]}***@{domain}"


def _mask_address(value: str) -> str:
    district = re.match(r"^(.*?[区县旗]|.*?市|.*?[省州])", value)
    return (district.group(1) if district else value[:3]) + "****"


NAME = Kind("name", _name, _mask_name)
PHONE = Kind("phone", _phone, _mask_phone)
RESIDENT_ID = Kind("id_number", _resident_id, _mask_id)
OTHER_ID = Kind("id_number", _other_id, _mask_id)
EMAIL = Kind("email", _email, _mask_email)
ADDRESS = Kind("address", _name, _mask_address, indexed=False)
