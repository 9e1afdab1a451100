#!/usr/bin/env python3
"""Checks an evidence bundle. Needs Python 3.9 or newer and the package “cryptography”; never goes online.

    python verify.py [--key KEY] [--json] [BUNDLE.zip or FOLDER]

Without a path it checks the folder it lies in. KEY is the lender's public signing key in base64, or its fingerprint
(SHA-256 in hex), obtained from somewhere else than this bundle; without it the signatures are only as good as the
key that comes with them, and the fingerprint to compare is printed.

校验证据包。需要 Python 3.9 及以上版本和 cryptography 库；不访问网络。KEY 为从其他渠道取得的贷款机构签名公钥
（base64）或其指纹（SHA-256，十六进制）。

Exit code 退出码: 0 all is well 全部通过 · 1 something is wrong 发现问题 · 2 cannot be read 无法读取
· 3 nothing is wrong, but some rows are in no seal yet 未发现问题，但部分记录尚未封存
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    sys.exit("Please install the package: pip install cryptography   请先安装：pip install cryptography")

if sys.version_info < (3, 9):
    sys.exit("Python 3.9 or newer is needed. 需要 Python 3.9 或更高版本。")

MANIFEST, SIGNATURE = "manifest.json", "signature.json"
SHOWN = 50
#: Columns of a row of history that are not the thing's own.
OWN_COLUMNS = {"epoch", "xact_id"}

#: What reading a damaged file raises.
BROKEN = (OSError, EOFError, zipfile.BadZipFile, zlib.error)
#: What reading a file raises that is not what it should be.
SENSELESS = (KeyError, TypeError, ValueError, AttributeError, IndexError)


class Unreadable(Exception):
    """The bundle cannot be read at all."""


# --- the bundle as a set of files ---------------------------------------------------------------------------


class Folder:
    """A bundle that was unpacked."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        return [one.relative_to(self.path).as_posix() for one in self.path.rglob("*") if not one.is_dir()]

    def open(self, name: str) -> Any:
        return (self.path / name).open("rb")


class Archive:
    """A bundle as it was handed over."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        return [info.filename for info in self.zip.infolist() if not info.is_dir()]

    def open(self, name: str) -> Any:
        return self.zip.open(name)


def read_json(bundle: Any, name: str) -> Any:
    with bundle.open(name) as file:
        return json.loads(file.read().decode("utf-8"))


# --- the arithmetic ---------------------------------------------------------------------------------------


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def leads_to(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Whether the audit path leads from a leaf's text to the root of a tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last = index, size - 1
    reached = hashlib.sha256(b"\x00" + leaf).digest()
    for step in path:
        if last == 0:
            return False
        if place % 2 or place == last:
            reached = hashlib.sha256(b"\x01" + step + reached).digest()
            while place % 2 == 0 and place != 0:
                place >>= 1
                last >>= 1
        else:
            reached = hashlib.sha256(b"\x01" + reached + step).digest()
        place >>= 1
        last >>= 1
    return last == 0 and reached == root


def is_signed(text: str, signature: str, public_key: str) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), text.encode("utf-8"))
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(public_key: str) -> str:
    return sha256_hex(base64.b64decode(public_key))


def key_text(key: dict[str, Any]) -> str:
    """What another key signs to vouch for this one."""
    return canonical(
        {"key": key["public_key"], "name": key["name"], "purpose": "backoffice-seal-key", "v": 1}
    )


# --- the checks -------------------------------------------------------------------------------------------


class Check:
    """Everything that is found, and what was counted on the way."""

    def __init__(self, bundle: Any, pinned: str) -> None:
        self.bundle = bundle
        self.pinned = pinned
        self.findings: list[tuple[str, str, str]] = []
        self.names = bundle.names()
        self.present = set(self.names)
        self.listed: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.trusted: set[str] = set()
        self.seals: dict[int, dict[str, Any]] = {}
        self.leaves: dict[tuple[str, int], dict[str, Any] | None] = {}
        self.told: set[tuple[str, int]] = set()
        self.counts = {
            "files": 0,
            "seals": 0,
            "rows": 0,
            "unsealed": 0,
            "records": 0,
            "events": 0,
            "reads": 0,
        }
        self.head: dict[str, Any] = {}

    def wrong(self, where: str, english: str, chinese: str) -> None:
        self.findings.append((where, english, chinese))

    def run(self) -> None:
        if MANIFEST not in self.present:
            raise Unreadable("manifest.json is missing 缺少 manifest.json")
        self.check_manifest()
        self.read_keys()
        self.check_signature()
        self.check_seals()
        self.check_proofs()
        for name in sorted(self.present):
            if name.startswith("records/") and name.endswith(".json"):
                self.guarded(name, self.check_record)
        self.guarded("events.json", self.check_events)
        self.guarded("reads.json", self.check_reads)
        for table, row in sorted(set(self.leaves) - self.told):
            self.wrong(
                f"proofs/{table}.json", f"row {row} is proved but told nowhere", f"第 {row} 行有证明但无记录"
            )

    def guarded(self, name: str, check: Callable[[str, Any], None]) -> None:
        """One file that cannot be understood is a finding, not the end."""
        try:
            check(name, read_json(self.bundle, name))
        except (*BROKEN, *SENSELESS) as error:
            self.wrong(name, f"cannot be understood ({type(error).__name__})", "无法解读")

    # -- files

    def check_manifest(self) -> None:
        with self.bundle.open(MANIFEST) as file:
            raw = file.read()
        self.manifest_hash = sha256_hex(raw)
        try:
            self.head = json.loads(raw.decode("utf-8"))
            self.listed = {one["path"]: one for one in self.head["files"]}
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable("manifest.json cannot be understood 无法解读 manifest.json") from error
        for name, times in sorted(Counter(self.names).items()):
            if times > 1:
                self.wrong(name, "is in the bundle twice", "在证据包中重复出现")
        for name in sorted(self.present - set(self.listed) - {MANIFEST, SIGNATURE}):
            self.wrong(name, "was added: the manifest does not know it", "多余文件：清单中没有")
        for name, one in sorted(self.listed.items()):
            if name not in self.present:
                self.wrong(name, "is missing", "文件缺失")
                continue
            self.counts["files"] += 1
            if self.hashed(name) != (one["sha256"], one["size"]):
                self.wrong(
                    name, "was changed: its hash is not the manifest's", "文件被改动：散列值与清单不符"
                )

    def hashed(self, name: str) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        try:
            with self.bundle.open(name) as file:
                while chunk := file.read(1024 * 1024):
                    digest.update(chunk)
                    size += len(chunk)
        except BROKEN:
            return "", -1
        return digest.hexdigest(), size

    # -- keys and signatures

    def read_keys(self) -> None:
        if "keys.json" not in self.present:
            self.wrong("keys.json", "is missing: no signature can be checked", "文件缺失：无法验证签名")
            return
        self.guarded("keys.json", self.take_keys)

    def take_keys(self, name: str, value: dict[str, Any]) -> None:
        rows = value["keys"]
        self.keys = {one["public_key"]: one for one in rows}
        if self.pinned:
            self.trusted = {one for one in self.keys if self.pinned in (one, fingerprint(one))}
            if rows and not self.trusted:
                self.wrong(
                    name, "the key you gave is not among the keys of this bundle", "证据包中没有您提供的公钥"
                )
        elif rows:
            # The newest; whatever it cannot be led back to is a finding.
            self.trusted = {rows[-1]["public_key"]}
        grew = True
        while grew:
            before = len(self.trusted)
            for one in rows:
                older = self.keys.get(one["predecessor"] or "")
                if older is None:
                    continue
                if older["public_key"] in self.trusted and is_signed(
                    key_text(one), one["endorsement"], older["public_key"]
                ):
                    self.trusted.add(one["public_key"])
                if one["public_key"] in self.trusted and is_signed(
                    key_text(older), one["countersignature"], one["public_key"]
                ):
                    self.trusted.add(older["public_key"])
            grew = len(self.trusted) > before

    def check_signature(self) -> None:
        if SIGNATURE not in self.present:
            self.wrong(SIGNATURE, "is missing: nobody answers for the manifest", "文件缺失：清单没有签名")
            return
        self.guarded(SIGNATURE, self.take_signature)

    def take_signature(self, name: str, value: dict[str, Any]) -> None:
        said = json.loads(value["statement"])
        if said.get("purpose") != "backoffice-evidence-bundle" or said.get("manifest") != self.manifest_hash:
            self.wrong(name, "is not about this manifest", "签名对应的不是本清单")
        if said.get("bundle") != self.head.get("bundle"):
            self.wrong(name, "is about another bundle", "签名对应的是另一个证据包")
        self.check_signed(name, value["statement"], value["signature"], value["public_key"])

    def check_signed(self, name: str, text: str, signature: str, key: str) -> None:
        if not is_signed(text, signature, key):
            self.wrong(name, "the signature is wrong", "签名不正确")
        elif key not in self.trusted:
            self.wrong(name, "was signed with a key that nothing vouches for", "签名密钥不可信")

    # -- seals

    def check_seals(self) -> None:
        for name in sorted(self.present):
            if name.startswith("seals/") and name.endswith(".json"):
                self.guarded(name, self.take_seal)
        numbers = sorted(self.seals)
        for number in numbers[1:]:
            before = numbers[numbers.index(number) - 1]
            if number != before + 1:
                self.wrong(
                    f"seals/{before + 1}.json", "the chain of seals has a gap here", "封存链在此处中断"
                )
            elif self.seals[number]["previous"] != self.seals[before]["hash"]:
                self.wrong(f"seals/{number}.json", "does not follow the seal before it", "与前一封存不衔接")
        self.counts["seals"] = len(numbers)

    def take_seal(self, name: str, value: dict[str, Any]) -> None:
        said = json.loads(value["statement"])
        digest = sha256_hex(value["statement"].encode("utf-8"))
        if digest != value["statement_hash"]:
            self.wrong(name, "the hash of the statement is wrong", "声明的散列值不正确")
        if said["number"] != value["number"] or name != f"seals/{said['number']}.json":
            self.wrong(name, "the numbers do not agree", "编号不一致")
        if said["key"] != value["public_key"]:
            self.wrong(name, "names another key", "所载公钥不一致")
        self.check_signed(name, value["statement"], value["signature"], said["key"])
        self.seals[said["number"]] = {
            "hash": digest,
            "previous": said["previous"],
            "root": bytes.fromhex(said["root"]),
            "leaves": said["leaves"],
            "tables": said["tables"],
        }

    # -- proofs

    def check_proofs(self) -> None:
        for name in sorted(self.present):
            if name.startswith("proofs/") and name.endswith(".json"):
                self.guarded(name, self.take_proofs)

    def take_proofs(self, name: str, value: dict[str, Any]) -> None:
        table = value["table"]
        for row in value["rows"]:
            place = (table, row["id"])
            if place in self.leaves:
                self.wrong(name, f"row {row['id']} is there twice", f"第 {row['id']} 行重复")
            if row["seal"] is None:
                self.leaves[place] = None
                self.counts["unsealed"] += 1
                continue
            self.leaves[place] = self.leaf_of(name, table, row)
            self.counts["rows"] += 1

    def leaf_of(self, name: str, table: str, row: dict[str, Any]) -> dict[str, Any]:
        which, number = row["id"], row["seal"]
        seal = self.seals.get(number)
        text = row["leaf"].encode("utf-8")
        if seal is None:
            self.wrong(
                name, f"row {which}: seal {number} is missing", f"第 {which} 行：缺少第 {number} 号封存"
            )
        elif table not in seal["tables"] or not leads_to(
            text, row["position"], seal["leaves"], [bytes.fromhex(step) for step in row["path"]], seal["root"]
        ):
            self.wrong(
                name, f"row {which} does not lead to seal {number}", f"第 {which} 行与第 {number} 号封存不符"
            )
        leaf: dict[str, Any] = (
            json.loads(row["leaf"]) if row["leaf"] else {"id": None, "table": None, "values": {}}
        )
        if leaf["id"] != row["id"] or leaf["table"] != table:
            self.wrong(name, f"row {which}: the leaf is another row's", f"第 {which} 行：叶子属于另一行")
        return leaf

    # -- what the records tell, against what was sealed

    def sealed(self, name: str, row: dict[str, Any]) -> dict[str, Any]:
        """The values a document gives for a sealed row, compared with its leaf."""
        place = (row["table"], row["id"])
        label = f"{row['table']} {row['id']}"
        self.told.add(place)
        values: dict[str, Any] = row["values"]
        if place not in self.leaves:
            self.wrong(name, f"{label} has no proof", f"{label} 没有证明")
            return values
        leaf = self.leaves[place]
        if leaf is not None:
            for column, value in leaf["values"].items():
                if column not in values or values[column] != value:
                    self.wrong(
                        name,
                        f"{label}: “{column}” is not what was sealed",
                        f"{label}：“{column}”与封存内容不符",
                    )
            for column in sorted(set(values) - set(leaf["values"])):
                # A column younger than the seal says nothing about the past.
                if values[column] not in (None, "", 0, False, [], {}):
                    self.wrong(name, f"{label}: “{column}” was not sealed", f"{label}：“{column}”未被封存")
        return values

    def agrees(self, name: str, what: str, told: Any, sealed: Any) -> None:
        if told != sealed:
            self.wrong(name, f"“{what}” is not what the row says", f"“{what}”与该行内容不符")

    def check_record(self, name: str, document: dict[str, Any]) -> None:
        self.counts["records"] += 1
        newest: dict[str, Any] | None = None
        for line in document["history"]:
            values = self.sealed(name, line["sealed_row"])
            self.check_line(name, line, newest, values)
            newest = values
        if "sealed_row" in document:
            newest = self.sealed(name, document["sealed_row"])
        elif not document["history_reaches_today"]:
            newest = None
        stated = {one["name"]: stated_value(one) for one in document["fields"]}
        if newest is not None:
            for column in sorted(set(stated) & set(newest)):
                self.agrees(name, column, stated[column], newest[column])
        if document.get("file"):
            self.check_file(name, document["file"], stated)

    def check_file(self, name: str, file: dict[str, Any], stated: dict[str, Any]) -> None:
        listed = self.listed.get(file["path"])
        if listed is None:
            self.wrong(name, f"its file {file['path']} is missing", f"缺少文件 {file['path']}")
            return
        self.agrees(name, "file.sha256", file["sha256"], listed["sha256"])
        if "sha256" in stated:
            self.agrees(name, "sha256", file["sha256"], stated["sha256"])

    def check_line(
        self, name: str, line: dict[str, Any], before: dict[str, Any] | None, values: dict[str, Any]
    ) -> None:
        for told, column in (
            ("at", "history_date"),
            ("kind", "history_type"),
            ("actor", "history_actor_name"),
            ("request", "history_request_id"),
        ):
            self.agrees(name, told, line[told], values[column])
        self.agrees(name, "act", line["act"], values["history_change_reason"] or "")
        self.agrees(name, "reason", line["reason"]["sha256"], values["history_reason_cipher"])
        told_changes = {one["name"]: one for one in line["changes"]}
        for column, change in told_changes.items():
            self.agrees(name, column, stated_value(change["after"]), values[column])
            if before is not None:
                self.agrees(name, column, stated_value(change["before"]), before[column])
        if before is not None:
            for column in sorted(set(values) - set(told_changes) - OWN_COLUMNS):
                if not column.startswith("history_") and values[column] != before.get(column):
                    self.wrong(name, f"the change of “{column}” is not told", f"未载明“{column}”的变更")

    def check_events(self, name: str, document: dict[str, Any]) -> None:
        for entry in document["events"]:
            self.counts["events"] += 1
            values = self.sealed(name, entry["sealed_row"])
            for told, column in (
                ("kind", "kind"),
                ("at", "occurred_at"),
                ("actor", "actor_name"),
                ("request", "request_id"),
                ("details", "data"),
            ):
                self.agrees(name, told, entry[told], values[column])
            self.agrees(name, "reason", entry["reason"]["sha256"], values["reason_cipher"])

    def check_reads(self, name: str, document: dict[str, Any]) -> None:
        for entry in document["reads"]:
            self.counts["reads"] += 1
            values = self.sealed(name, entry["sealed_row"])
            for told, column in (
                ("at", "occurred_at"),
                ("actor", "actor_name"),
                ("what", "what"),
                ("request", "request_id"),
                ("fields", "fields"),
            ):
                self.agrees(name, told, entry[told], values[column])


def stated_value(told: dict[str, Any]) -> Any:
    """What a document says a column holds: the value, or of a secret the hash of its ciphertext."""
    return told["sha256"] if "shown" in told else told["value"]


# --- the report -------------------------------------------------------------------------------------------


def lines_of(check: Check) -> Iterator[str]:
    counts = check.counts
    yield f"Evidence bundle 证据包: {check.head.get('bundle', '?')}"
    yield f"About 关于: {check.head.get('about', '?')}"
    yield f"Made at 制作时间: {check.head.get('made_at', '?')}"
    yield ""
    yield f"Files checked 已核对文件: {counts['files']}"
    yield f"Records, events, reads 记录、事件、查阅: {counts['records']}, {counts['events']}, {counts['reads']}"
    yield f"Rows proved to be in a seal 已证明封存的行: {counts['rows']}"
    yield f"Rows in no seal yet, not proved 尚未封存、未获证明的行: {counts['unsealed']}"
    yield f"Seals in the chain 封存链: {counts['seals']}"
    for key in sorted(check.trusted):
        yield f"Signing key 签名公钥: {check.keys[key]['name']}  {key}"
        yield f"  SHA-256: {fingerprint(key)}"
    if check.trusted and not check.pinned:
        yield ""
        yield "The key is the bundle's own. Compare its fingerprint with one obtained elsewhere, or use --key."
        yield "公钥取自证据包本身。请与从其他渠道取得的指纹核对，或使用 --key 参数。"
    yield ""
    for where, english, chinese in check.findings[:SHOWN]:
        yield f"WRONG 问题: {where}: {english} ／ {chinese}"
    if len(check.findings) > SHOWN:
        yield f"… and {len(check.findings) - SHOWN} more ／ 另有 {len(check.findings) - SHOWN} 项"
    if check.findings:
        count = len(check.findings)
        yield f"RESULT 结论: {count} findings: not as it was made. 共 {count} 项问题，证据包与制作时不符。"
    elif counts["unsealed"]:
        yield "RESULT 结论: Nothing is wrong, but some rows are in no seal yet. 未发现问题，但部分记录尚未封存。"
    else:
        yield "RESULT 结论: Everything agrees. 全部一致。"


def exit_code(check: Check) -> int:
    if check.findings:
        return 1
    return 3 if check.counts["unsealed"] else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Checks an evidence bundle. 校验证据包。")
    parser.add_argument("path", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument(
        "--key", default="", help="public key (base64) or fingerprint (hex) obtained elsewhere 公钥或指纹"
    )
    parser.add_argument("--json", action="store_true", help="machine-readable report 机器可读的结果")
    given = parser.parse_args(arguments)
    try:
        bundle = Folder(given.path) if given.path.is_dir() else Archive(given.path)
        check = Check(bundle, given.key.strip())
        check.run()
    except (Unreadable, *BROKEN) as error:
        print(f"CANNOT BE READ 无法读取: {error}", file=sys.stderr)
        return 2
    if given.json:
        findings = [{"where": where, "message": english} for where, english, _chinese in check.findings]
        print(
            json.dumps({"ok": not findings, "counts": check.counts, "findings": findings}, ensure_ascii=False)
        )
    else:
        for line in lines_of(check):
            print(line)
    return exit_code(check)


if __name__ == "__main__":
    sys.exit(main())
