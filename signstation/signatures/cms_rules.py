"""What counts when a CMS signature is judged, for each purpose, next to what its consumer does.

| | dates at | extended key usage, if any | CA flag of issuers | signed attributes |
| --- | --- | --- | --- | --- |
| kernel, modules | never | any | not needed | refused |
| here, modules | the time of the check | modules or code signing | needed | refused |
| ``openssl cms``, files | the time of the check | e-mail protection | needed | both |
| here, files | signing, else of the check | code signing or e-mail protection | needed | both |

Measured with kernels 6.1, 6.12 and 7.2 (mod_check_sig, pkcs7_verify.c) and OpenSSL 3.0. The time of
signing is the signer's own word (signingTime). Where there is none, as in every kernel module, a
certificate that has expired since leaves a signature trusted with a warning: it may have been made
before; a certificate that is not valid yet cannot have signed. A wrong usage or date gives
GOOD_BUT_KEY, and a note says that the consumer would not mind.
"""

from __future__ import annotations

from dataclasses import dataclass

from signstation.model.keys import Mechanism
from signstation.signatures.certificates import (
    ANY_USAGE,
    CODE_SIGNING,
    EMAIL_PROTECTION,
    MODULE_SIGNING,
)


@dataclass(frozen=True, slots=True)
class CmsRules:
    """The rules of one purpose."""

    usages: frozenset[str]  # one of them, where the certificate names any
    attributes: bool  # whether the consumer takes signed attributes
    mechanisms: frozenset[Mechanism]  # that the consumer can check
    careless: bool  # the consumer looks neither at dates, usages nor CA flags


MODULE_RULES = CmsRules(
    usages=frozenset({MODULE_SIGNING, CODE_SIGNING, ANY_USAGE}),
    attributes=False,
    # crypto/asymmetric_keys/pkcs7_parser.c: no RSA-PSS, no EdDSA; ML-DSA from 7.0 on
    mechanisms=frozenset(
        {
            Mechanism.RSA_PKCS1,
            Mechanism.ECDSA,
            Mechanism.MLDSA44,
            Mechanism.MLDSA65,
            Mechanism.MLDSA87,
        }
    ),
    careless=True,
)
"""Kernel modules."""

FILE_RULES = CmsRules(
    usages=frozenset({CODE_SIGNING, EMAIL_PROTECTION, ANY_USAGE}),
    attributes=True,
    mechanisms=frozenset(Mechanism),
    careless=False,
)
"""Files with a detached ``.p7s``."""
