"""What makes two addresses one: normal forms, ids, registrable domains and slots; pure."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from functools import cache, lru_cache
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from publicsuffixlist import PublicSuffixList

SLOTS = 64
"""Work is handed out in so many parts; a stored slot is 0..63."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|igshid|twclid|ttclid|mc_cid|mc_eid|_ga|_gl|_hsenc|_hsmi|mkt_tok"
    r"|oly_anon_id|oly_enc_id|vero_id|wickedid|ns_mchannel|ns_source|ns_campaign|ns_linkname|at_medium|at_campaign|at_custom\d"
    r"|cmpid|ocid|ito|xtor|smid|smtyp|partner|guccounter|guce_referr\w*|rss|source=rss|feedtype|feedname|traffic_source"
    r"|ref_src|spm|__twitter_impression|wt_mc|wt_zmc|pk_campaign|pk_kwd|piwik_\w+|maca)",
    re.IGNORECASE,
)
"""Names of query parameters that say how a reader came, not what is read."""

_SAFE_PATH = "/:@!$&'()*+,;=-._~"
_SAFE_QUERY = _SAFE_PATH + "?"
_NO_HOST = re.compile(r"[\x00-\x20\x7f\"%<>\\^`{|}]")
"""Characters that no host has (WHATWG URL, 3.5, forbidden domain code points, and more that RFC 3986 refuses)."""
_PLAIN = re.compile(r"[\w:@!$&'()*+,;=.~-]*", re.ASCII)
"""What is never encoded, in a path or a query."""
_RESERVED = re.compile(r"%(2[1346789abcfABCF]|3[abdfABDF]|40|5[bdBD]|25|23|2[fF])")


@lru_cache(4096)  # an entry is asked for several times on its way into the store
def normalise(url: str) -> str:
    """The normal form of an http(s) address: same form, same page.

    Scheme and host in lower case (IDNA), no default port, user, fragment, tracking parameter or trailing dot of the host; percent
    encoding in one form (RFC 3986, 6.2.2); an empty path is `/`. The order of parameters is kept: it can matter.
    Raises ValueError for what is no http(s) address.
    """
    parts = urlsplit(url.strip())
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise ValueError(f"not an http(s) address: {url!r}")
    host = host_of(url)
    port = parts.port
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port is None or port == _DEFAULT_PORTS[scheme] else f"{shown}:{port}"
    return urlunsplit((scheme, netloc, _path(parts.path), _query(parts.query), ""))


@lru_cache(4096)
def host_of(url: str) -> str:
    """The host of an address: lower case, IDNA, no trailing dot, no port; raises ValueError where there is none."""
    host = (urlsplit(url.strip()).hostname or "").rstrip(".")
    if not host:
        raise ValueError(f"an address without a host: {url!r}")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii").lower()
        except UnicodeError as error:
            raise ValueError(f"a host that is no name: {url!r}") from error
    if _NO_HOST.search(host):
        raise ValueError(f"a host that is no name: {url!r}")
    return host


def url_id(url: str) -> str:
    """The id of an address in `-urls`: 128 bits of its normal form, in hex. http and https are one address."""
    normal = normalise(url)
    return hashlib.blake2b(normal.partition("://")[2].encode(), digest_size=16).hexdigest()


def article_id(url: str) -> str:
    """The id of an article first reached at `url`: the id of that address, and never changed after."""
    return url_id(url)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


def source_of(url: str) -> str:
    """The registrable domain of an address: `edition.example.co.uk` is of `example.co.uk`.

    An IP address is its own; so is `name.localhost` (RFC 6761: `.localhost` is a suffix that nobody can register in);
    a host without a registrable domain stands for itself.
    """
    return _registrable(host_of(url))


@cache
def _registrable(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return host
    labels = host.split(".")
    if labels[-1] == "localhost":
        return ".".join(labels[-2:])
    return _suffixes().privatesuffix(host) or host


def slot_of(url: str) -> int:
    """0..63 by host and port: what is asked of one host is asked by one task."""
    parts = urlsplit(url.strip())
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme.lower(), 0)
    return hashlib.blake2b(f"{host_of(url)}:{port}".encode(), digest_size=2).digest()[0] % SLOTS


def _path(path: str) -> str:
    segments: list[str] = []
    segment = ""
    for stated in (path or "/").split("/"):
        # Encoded dots are dots (WHATWG URL, 4.4).
        segment = _encoded(stated, _SAFE_PATH.replace("/", ""))
        if segment == "..":
            if len(segments) > 1:
                segments.pop()
        elif segment != ".":
            segments.append(segment)
    if segment in (".", ".."):
        segments.append("")
    return "/".join(segments) or "/"


def _query(query: str) -> str:
    kept = [each for each in query.split("&") if each and not _TRACKING.fullmatch(each.partition("=")[0])]
    return "&".join(_encoded(each, _SAFE_QUERY) for each in kept)


def _encoded(text: str, safe: str) -> str:
    """Percent encoding in one form: what need not be encoded is not; what is reserved stays as it was, in upper case."""
    if _PLAIN.fullmatch(text):
        return text
    pieces = re.split(r"(%[0-9a-fA-F]{2})", text)
    plain: list[str] = []
    run = ""
    for piece in pieces:
        if len(piece) == 3 and piece[0] == "%":
            if _RESERVED.fullmatch(piece):
                plain += [quote(_decoded(run), safe=safe + "%"), piece.upper()]
                run = ""
            else:
                run += piece
        else:
            run += piece.replace("%", "%25")
    plain.append(quote(_decoded(run), safe=safe + "%"))
    return "".join(plain)


def _decoded(run: str) -> str:
    """Decode UTF-8 escapes; escapes of another encoding stay escaped, in upper case."""
    try:
        decoded = unquote(run, errors="strict")
    except UnicodeDecodeError:
        return re.sub(r"%[0-9a-fA-F]{2}", lambda each: each.group().upper(), run)
    return decoded.replace("%", "%25")
