"""The words of the protocol: URIs of claims, scopes, parameters and levels (OIDC Sweden 1.0/1.1, Sweden
Connect).
"""

CLAIM = "https://id.oidc.se/claim/"
SCOPE = "https://id.oidc.se/scope/"
PARAM = "https://id.oidc.se/param/"
DISCO = "https://id.oidc.se/disco/"

NATURAL_PERSON_INFO = f"{SCOPE}naturalPersonInfo"
NATURAL_PERSON_NUMBER = f"{SCOPE}naturalPersonNumber"
SIGN = f"{SCOPE}sign"
SCOPES = ("openid", NATURAL_PERSON_INFO, NATURAL_PERSON_NUMBER, SIGN)

LOA1 = "http://id.elegnamnden.se/loa/1.0/loa1"
LOA3 = "http://id.elegnamnden.se/loa/1.0/loa3"

# Which e-ID is meant by the authnProvider parameter: the URI that discovery's readers use, or the short word.
EIDS = {"bankid": "urn:testlegitimation:bankid", "freja": "urn:testlegitimation:freja"}
# Which e-ID the other kind of provider is asked for by acr_values (Idura Verify's documentation).
IDURA_PATH = "/idura"
IDURA_EIDS = {"bankid": "urn:grn:authn:se:bankid", "freja": "urn:grn:authn:se:frejaid"}
EID_TITLES = {"bankid": "BankID", "freja": "Freja"}

CLAIMS_SUPPORTED = (
    "sub",
    "iss",
    "auth_time",
    "acr",
    "txn",
    "name",
    "given_name",
    "family_name",
    "birthdate",
    f"{CLAIM}personalIdentityNumber",
    f"{CLAIM}coordinationNumber",
    f"{CLAIM}authnProvider",
    f"{CLAIM}authnEvidence",
    f"{CLAIM}userSignature",
    f"{CLAIM}deviceIp",
    f"{CLAIM}credentialValidFrom",
    f"{CLAIM}credentialValidTo",
)
SIGNING_ALGORITHMS = ("ES256", "RS256")


def eid_of(wanted: str) -> str | None:
    """``bankid`` or ``freja`` from an authnProvider value (URI or short word); None when it is neither."""
    for eid, uri in EIDS.items():
        if wanted in (eid, uri):
            return eid
    return None
