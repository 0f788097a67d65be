"""Verification of a kernel module: the outermost signature, as the kernel takes it apart."""

from __future__ import annotations

from collections.abc import Iterator

from signstation.codec import cms, compression, kmod
from signstation.codec.cms import SignedData
from signstation.codec.kmod import Appended
from signstation.errors import ArtifactMalformed
from signstation.formats.kmod_open import AnyOpened, OpenedStream, open_module
from signstation.formats.kmod_read import read_elf
from signstation.formats.kmod_words import refused_form
from signstation.interfaces.artifact import MAX_READ, Artifact
from signstation.interfaces.context import Context
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    SignatureFacts,
    SignatureState,
    Verified,
)
from signstation.model.keys import SignatureType
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.cms_rules import MODULE_RULES
from signstation.signatures.cms_verify import digest_algorithm, judge_cms, needs_content
from signstation.signatures.judged import Judged

PLACE = Text("appended to the module")
GOOD = frozenset(
    {
        SignatureState.GOOD_TRUSTED,
        SignatureState.GOOD_UNKNOWN_KEY,
        SignatureState.GOOD_BUT_KEY,
    }
)


def verify(artifact: Artifact, trust: Trust, ctx: Context) -> Verified:
    """Collect checks; of a compressed module, about what is inside.

    Raises CompressedModule, and ArtifactMalformed where there is no ELF file or no sound stream.
    """
    opened = open_module(artifact)
    module, form = opened.module, tuple(_form(opened))
    try:
        appended = kmod.signatures(module.read, module.size)
    except ArtifactMalformed as error:
        words = text("The signature's trailer is malformed: {error}.", error=str(error))
        malformed = _check("trailer", Outcome.FAIL, words)
        return Verified((malformed, _elf(module, module.size), *form), ())
    if not appended:
        words = Text("There is no signature at the end of the module.")
        unsigned = _note("unsigned", Aspect.VALID, Outcome.WARNING, words)
        return Verified((unsigned, _elf(module, module.size), *form), ())
    outermost = appended[0]
    checks = [_elf(module, appended[-1].content), *_trailer(appended), *form]
    judged = _judge(opened, outermost, trust, ctx)
    for each in judged:
        checks.extend(each.checks)
        checks.extend(_kernels(each.facts))
    checks.append(_unchanged(judged, outermost.content))
    return Verified(tuple(checks), tuple(each.facts for each in judged))


def _form(opened: AnyOpened) -> Iterator[Check]:
    if not isinstance(opened, OpenedStream):
        return
    words = text(
        "It is compressed with {compression}; the module inside is judged.",
        compression=opened.compression.value,
    )
    yield _note("compressed", Aspect.NOTE, Outcome.PASS, words)
    found = compression.obstacle(opened.packed, opened.compression)
    if found is not None:
        yield _note("compressed-form", Aspect.NOTE, Outcome.WARNING, refused_form(found))


def _judge(opened: AnyOpened, appended: Appended, trust: Trust, ctx: Context) -> tuple[Judged, ...]:
    if appended.id_type != kmod.IdType.PKCS7:
        return (_unreadable(text("It is of type {type}, not PKCS#7.", type=appended.id_type)),)
    try:
        signed = cms.parse_signed_data(appended.signature)
    except ArtifactMalformed as error:
        return (_unreadable(text("Its CMS is malformed: {error}.", error=str(error))),)
    if signed.content is not None:
        # pkcs7_supply_detached_data(): -EINVAL
        return (_unreadable(Text("Its CMS carries content of its own: the kernel refuses it.")),)
    if not signed.signers:
        return (_unreadable(Text("Its CMS has no signer.")),)
    return tuple(_judge_signers(opened, appended, signed, trust, ctx))


def _judge_signers(
    opened: AnyOpened, appended: Appended, signed: SignedData, trust: Trust, ctx: Context
) -> Iterator[Judged]:
    named = {each: digest_algorithm(each) for each in signed.signers}
    wanted = sorted({each for each in named.values() if each}, key=lambda each: each.value)
    digests = opened.digests(wanted, appended.content, ctx)
    states = dict(zip(wanted, digests.states, strict=True))
    module, small = opened.module, appended.content <= MAX_READ
    for index, signer in enumerate(signed.signers):
        digest = named[signer]
        yield judge_cms(
            signed,
            signer,
            index=index,
            place=PLACE,
            state=None if digest is None else states[digest],
            content=module.read(0, appended.content) if small and needs_content(signer) else None,
            trust=trust,
            purpose=Purpose.KERNEL_MODULES,
            at=ctx.time,
            sufficient=True,
            covers=opened.covers(appended.content),
            code="kmod.signature",
            rules=MODULE_RULES,
        )


def _elf(artifact: Artifact, content: int) -> Check:
    try:
        headers, _ = read_elf(artifact, content)
    except ArtifactMalformed as error:
        words = text("The module itself is malformed: {error}.", error=str(error))
        return _check("structure", Outcome.FAIL, words)
    if headers.end < content:
        words = text("{count} bytes follow the ELF file.", count=content - headers.end)
        return _note("structure", Aspect.NOTE, Outcome.WARNING, words)
    return _check("structure", Outcome.PASS, Text("The ELF file is whole."))


def _trailer(appended: tuple[Appended, ...]) -> Iterator[Check]:
    if not appended[0].exact:
        # mod_check_sig(): -EBADMSG
        words = Text("Reserved fields of the trailer are not zero: the kernel refuses it.")
        yield _check("trailer", Outcome.FAIL, words)
    if len(appended) > 1:
        words = text(
            "There are {count} signatures on top of one another; the kernel sees only the last.",
            count=len(appended),
        )
        yield _note("nested", Aspect.NOTE, Outcome.WARNING, words)


def _kernels(facts: SignatureFacts) -> Iterator[Check]:
    """Which kernels can check it; measured with Debian's 6.1, 6.12 and 7.2."""
    if facts.state not in GOOD:
        return
    if facts.algorithm.startswith("P-"):
        words = Text("Only kernels with CONFIG_CRYPTO_ECDSA load it: Debian's from 6.12 on.")
        yield _note("ecdsa", Aspect.NOTE, Outcome.WARNING, words)
    if facts.algorithm.startswith("ML-DSA"):
        words = Text("Only kernels with CONFIG_CRYPTO_MLDSA (7.0 and newer) load it.")
        yield _note("mldsa", Aspect.NOTE, Outcome.WARNING, words)


def _unchanged(judged: tuple[Judged, ...], content: int) -> Check:
    """The first answer: without attributes digest and number are one, so the number tells."""
    states = {each.facts.state for each in judged}
    if SignatureState.BAD in states:
        words = Text("The module or its signature was changed after signing.")
        return _note("content", Aspect.UNCHANGED, Outcome.FAIL, words)
    if states & GOOD:
        words = text("The signature covers the whole module, {size} bytes.", size=content)
        return _note("content", Aspect.UNCHANGED, Outcome.PASS, words)
    words = Text("Only the signature could tell, and it cannot be checked.")
    return _note("content", Aspect.UNCHANGED, Outcome.NOT_RUN, words)


def _check(name: str, outcome: Outcome, summary: Text) -> Check:
    return Check(
        code=f"kmod.{name}",
        kind=CheckKind.STRUCTURE,
        aspect=Aspect.NOTE,
        outcome=outcome,
        required=True,
        summary=summary,
    )


def _note(name: str, aspect: Aspect, outcome: Outcome, summary: Text) -> Check:
    return Check(
        code=f"kmod.{name}",
        kind=CheckKind.NOTE,
        aspect=aspect,
        outcome=outcome,
        required=False,
        summary=summary,
    )


def _unreadable(reason: Text) -> Judged:
    facts = SignatureFacts(
        index=0,
        kind=SignatureType.CMS,
        place=PLACE,
        state=SignatureState.UNREADABLE,
        signer="",
        fingerprint="",
        algorithm="",
        hash="",
        made_at=None,
        reasons=(reason,),
        path=(),
    )
    check = Check(
        code="kmod.signature",
        kind=CheckKind.SIGNATURE,
        aspect=Aspect.VALID,
        outcome=Outcome.FAIL,
        required=True,
        summary=text("The signature cannot be read. {reason}", reason=reason.english()),
        signature=0,
        state=SignatureState.UNREADABLE,
        sufficient=True,
    )
    return Judged(facts, (check,))
