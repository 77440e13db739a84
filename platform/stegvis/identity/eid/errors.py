"""What can go wrong in a visit to an e-ID provider: four kinds, and a closed list of reasons.

The text of these errors holds reason codes only, never a number, a name or a part of a token, so they may be
logged.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why an answer from an e-ID provider was refused.

    The list is closed; the codes are stable and may be logged.
    """

    # The provider's published description (discovery, keys)
    METADATA_INVALID = "metadata_invalid"
    METADATA_ISSUER = "metadata_issuer"
    SIGNING_NOT_OFFERED = "signing_not_offered"
    # The visit that is being finished
    WRONG_PURPOSE = "wrong_purpose"
    WRONG_PROVIDER = "wrong_provider"
    WRONG_BINDING = "wrong_binding"
    STATE_MISMATCH = "state_mismatch"
    VISIT_EXPIRED = "visit_expired"
    # The callback
    RESPONSE_ISSUER_MISSING = "response_issuer_missing"
    RESPONSE_ISSUER_WRONG = "response_issuer_wrong"
    CODE_MISSING = "code_missing"
    PROVIDER_ERROR = "provider_error"
    LEVEL_NOT_REACHABLE = "level_not_reachable"
    REQUEST_REFUSED = "request_refused"
    TOKEN_REQUEST_REFUSED = "token_request_refused"  # noqa: S105 - a reason code
    TOKEN_RESPONSE_INVALID = "token_response_invalid"  # noqa: S105 - a reason code
    # The ID token
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105 - a reason code
    ALGORITHM_REFUSED = "algorithm_refused"
    KEY_UNKNOWN = "key_unknown"
    KEY_WEAK = "key_weak"
    TOKEN_SIGNATURE_INVALID = "token_signature_invalid"  # noqa: S105 - a reason code
    ISSUER_WRONG = "issuer_wrong"
    AUDIENCE_WRONG = "audience_wrong"
    TIME_MISSING = "time_missing"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a reason code
    ISSUED_AT_OUTSIDE_VISIT = "issued_at_outside_visit"
    LIFETIME_TOO_LONG = "lifetime_too_long"
    AUTH_TIME_OUTSIDE_VISIT = "auth_time_outside_visit"
    NONCE_WRONG = "nonce_wrong"
    AT_HASH_WRONG = "at_hash_wrong"
    SUBJECT_MISSING = "subject_missing"
    ACR_MISSING = "acr_missing"
    ACR_NOT_ACCEPTED = "acr_not_accepted"
    # UserInfo
    USERINFO_UNSIGNED = "userinfo_unsigned"
    USERINFO_INVALID = "userinfo_invalid"
    USERINFO_ISSUER_WRONG = "userinfo_issuer_wrong"
    USERINFO_AUDIENCE_WRONG = "userinfo_audience_wrong"
    USERINFO_SUBJECT_WRONG = "userinfo_subject_wrong"
    # The person
    NUMBER_MISSING = "number_missing"
    NUMBER_INVALID = "number_invalid"
    NUMBER_FOREIGN = "number_foreign"
    NUMBER_AMBIGUOUS = "number_ambiguous"
    NUMBER_DIFFERS = "number_differs"
    NUMBER_NOT_EXPECTED = "number_not_expected"
    # Signing
    SIGNATURE_UNASKED = "signature_unasked"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_INVALID = "signature_invalid"


class EidError(Exception):
    """Base of everything that a visit to an e-ID provider may end in besides success."""


class EidCancelled(EidError):
    """The person cancelled, or the provider could not identify the person (``access_denied``).

    Nothing has happened.
    """


class EidUnavailable(EidError):
    """The provider did not answer in time, or said that it is out of order. Trying again later may work."""


class EidRefused(EidError):
    """An answer failed a check. ``reason_code`` says which.

    ``material`` holds what had been received when a *signing* was refused (a ``SigningMaterial``), for the
    caller to keep as evidence of the failure; it is None for a login.
    """

    def __init__(self, reason_code: Reason, material: Any = None) -> None:
        super().__init__(reason_code.value)
        self.reason_code = reason_code
        self.material = material


class ProviderConfigError(EidError):
    """A provider's row or secret is wrong. The message is one Swedish sentence for whoever runs the service.

    ``key`` is the key of the row that it is about, if any.
    """

    def __init__(self, sentence: str, key: str = "") -> None:
        super().__init__(sentence)
        self.key = key
