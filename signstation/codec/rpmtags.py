"""Numbers of the RPM file format: data types, signature tags and header tags."""

from __future__ import annotations

from enum import IntEnum


class DataType(IntEnum):
    """Types of header data (include/rpm/rpmtag.h, rpmTagType_e). Numbers are big-endian."""

    CHAR = 1
    INT8 = 2
    INT16 = 3
    INT32 = 4
    INT64 = 5
    STRING = 6  # ends with a zero byte; always exactly one
    BINARY = 7
    STRING_ARRAY = 8
    I18N_STRING = 9  # one string for each locale of tag 100, the untranslated one first

    @property
    def size(self) -> int:
        """Bytes of one element, 0 for strings."""
        return _SIZES.get(self, 0)

    @property
    def alignment(self) -> int:
        """What offsets in the store are a multiple of."""
        return max(self.size, 1)


_SIZES = {
    DataType.CHAR: 1,
    DataType.INT8: 1,
    DataType.INT16: 2,
    DataType.INT32: 4,
    DataType.INT64: 8,
    DataType.BINARY: 1,
}
STRINGS = frozenset({DataType.STRING, DataType.STRING_ARRAY, DataType.I18N_STRING})
INTEGERS = frozenset({DataType.CHAR, DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64})


class Region(IntEnum):
    """Tags that hold a header together (rpmtag.h); they come first and end the store."""

    IMAGE = 61  # of headers converted from version 3
    SIGNATURES = 62
    IMMUTABLE = 63


LOWEST_TAG = 100
"""Smallest tag besides the regions: HEADER_I18NTABLE, as hdrchkTag() in lib/header.cc."""


class SignatureTag(IntEnum):
    """Tags of the signature header (rpmtag.h, rpmSigTag_e; 278, 279 and 999 since RPM 6)."""

    DSA = 267  # over the main header: DSA, EdDSA, ECDSA
    RSA = 268  # over the main header
    SHA1 = 269
    LONG_SIZE = 270
    LONG_ARCHIVE_SIZE = 271
    SHA256 = 273
    FILE_SIGNATURES = 274  # IMA, one hexadecimal string for each file
    FILE_SIGNATURE_LENGTH = 275
    VERITY_SIGNATURES = 276
    VERITY_ALGORITHM = 277
    OPENPGP = 278  # over the main header: base64, any number
    SHA3_256 = 279
    RESERVED = 999
    SIZE = 1000
    PGP = 1002  # over header and payload: RSA
    MD5 = 1004
    GPG = 1005  # over header and payload: DSA, EdDSA, ECDSA
    PGP5 = 1006
    PAYLOAD_SIZE = 1007
    RESERVED_SPACE = 1008


class Tag(IntEnum):
    """Tags of the main header (rpmtag.h, rpmTag_e) that signstation reads."""

    NAME = 1000
    VERSION = 1001
    RELEASE = 1002
    EPOCH = 1003
    SUMMARY = 1004
    DESCRIPTION = 1005
    BUILD_TIME = 1006
    BUILD_HOST = 1007
    SIZE = 1009
    DISTRIBUTION = 1010
    VENDOR = 1011
    LICENCE = 1014
    PACKAGER = 1015
    GROUP = 1016
    URL = 1020
    OS = 1021
    ARCH = 1022
    PRE_IN = 1023
    POST_IN = 1024
    PRE_UN = 1025
    POST_UN = 1026
    OLD_FILE_NAMES = 1027
    FILE_SIZES = 1028
    FILE_MODES = 1030
    FILE_DIGESTS = 1035
    FILE_LINKS = 1036
    FILE_FLAGS = 1037
    FILE_USERS = 1039
    FILE_GROUPS = 1040
    SOURCE_RPM = 1044
    PROVIDE_NAME = 1047
    REQUIRE_FLAGS = 1048
    REQUIRE_NAME = 1049
    REQUIRE_VERSION = 1050
    NO_SOURCE = 1051
    NO_PATCH = 1052
    CONFLICT_FLAGS = 1053
    CONFLICT_NAME = 1054
    CONFLICT_VERSION = 1055
    RPM_VERSION = 1064
    TRIGGER_SCRIPTS = 1065
    TRIGGER_NAME = 1066
    TRIGGER_VERSION = 1067
    TRIGGER_FLAGS = 1068
    TRIGGER_INDEX = 1069
    VERIFY_SCRIPT = 1079
    PRE_IN_PROGRAM = 1085
    POST_IN_PROGRAM = 1086
    PRE_UN_PROGRAM = 1087
    POST_UN_PROGRAM = 1088
    OBSOLETE_NAME = 1090
    VERIFY_PROGRAM = 1091
    TRIGGER_PROGRAM = 1092
    PROVIDE_FLAGS = 1112
    PROVIDE_VERSION = 1113
    OBSOLETE_FLAGS = 1114
    OBSOLETE_VERSION = 1115
    DIR_INDEXES = 1116
    BASE_NAMES = 1117
    DIR_NAMES = 1118
    PAYLOAD_FORMAT = 1124
    PAYLOAD_COMPRESSOR = 1125
    PAYLOAD_FLAGS = 1126
    PLATFORM = 1132
    SOURCE_PACKAGE_ID = 1146
    PRE_TRANS = 1151
    POST_TRANS = 1152
    PRE_TRANS_PROGRAM = 1153
    POST_TRANS_PROGRAM = 1154
    LONG_FILE_SIZES = 5008
    LONG_SIZE = 5009
    FILE_CAPABILITIES = 5010
    FILE_DIGEST_ALGORITHM = 5011
    BUG_URL = 5012
    VCS = 5034
    RECOMMEND_NAME = 5046
    RECOMMEND_VERSION = 5047
    RECOMMEND_FLAGS = 5048
    SUGGEST_NAME = 5049
    SUGGEST_VERSION = 5050
    SUGGEST_FLAGS = 5051
    SUPPLEMENT_NAME = 5052
    SUPPLEMENT_VERSION = 5053
    SUPPLEMENT_FLAGS = 5054
    ENHANCE_NAME = 5055
    ENHANCE_VERSION = 5056
    ENHANCE_FLAGS = 5057
    ENCODING = 5062
    FILE_TRIGGER_SCRIPTS = 5066
    FILE_TRIGGER_PROGRAM = 5067
    FILE_TRIGGER_NAME = 5069
    FILE_TRIGGER_INDEX = 5070
    FILE_TRIGGER_FLAGS = 5072
    TRANS_FILE_TRIGGER_SCRIPTS = 5076
    TRANS_FILE_TRIGGER_PROGRAM = 5077
    TRANS_FILE_TRIGGER_NAME = 5079
    TRANS_FILE_TRIGGER_INDEX = 5080
    TRANS_FILE_TRIGGER_FLAGS = 5082
    PAYLOAD_DIGEST = 5092
    PAYLOAD_DIGEST_ALGORITHM = 5093
    MODULARITY_LABEL = 5096
    PAYLOAD_DIGEST_ALT = 5097  # over the uncompressed payload, as all ALT tags
    PRE_UN_TRANS = 5103
    POST_UN_TRANS = 5104
    PRE_UN_TRANS_PROGRAM = 5105
    POST_UN_TRANS_PROGRAM = 5106
    RPM_FORMAT = 5114
    SOURCE_NEVR = 5120
    PAYLOAD_SHA512 = 5121
    PAYLOAD_SHA512_ALT = 5122
    PAYLOAD_SHA3_256 = 5123
    PAYLOAD_SHA3_256_ALT = 5124


class FileFlag(IntEnum):
    """Bits of FILE_FLAGS (include/rpm/rpmfiles.h)."""

    CONFIG = 1 << 0
    GHOST = 1 << 6  # named only, not in the payload


class DependencyFlag(IntEnum):
    """Bits of the flags of dependencies and triggers (include/rpm/rpmds.h)."""

    LESS = 1 << 1
    GREATER = 1 << 2
    EQUAL = 1 << 3
    TRIGGER_IN = 1 << 16
    TRIGGER_UN = 1 << 17
    TRIGGER_POST_UN = 1 << 18
    RPMLIB = 1 << 24  # a feature of rpm itself
    TRIGGER_PRE_IN = 1 << 25
