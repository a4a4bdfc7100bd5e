"""Exchanges whose sessions are known, by their codes (ISO 10383): those of the calendar library that workers ask."""

from difflib import get_close_matches

_CODES = """
AIXK ASEX BVMF CMES IEPA XAMS XASX XBDA XBEL XBKK XBOG XBOM XBRA XBRU XBSE XBUD XBUE XCBF XCSE XCYS XDUB XDUS XEEE XETR
XEUR XFRA XHAM XHEL XHKG XICE XIDX XIST XJSE XKAR XKLS XKRX XLIM XLIS XLIT XLJU XLON XLUX XMAD XMEX XMIL XMOS XNYS XNZE
XOSL XPAR XPHS XPRA XRIS XSAU XSES XSGO XSHG XSTO XSTU XSWX XTAE XTAI XTAL XTKS XTSE XWAR XWBO XZAG
"""
EXCHANGES = frozenset(_CODES.split())

# What people write, and the code whose sessions it keeps.
_NAMES = """
XNAS XNYS
NYSE XNYS
NASDAQ XNYS
LSE XLON
XETRA XETR
"""
_SAME_SESSIONS = dict(line.split() for line in _NAMES.strip().splitlines())


def read_exchange(text: str) -> str:
    """Return the code of an exchange; empty for none. Names that people write stand for the code whose sessions they keep.

    Raises
    ------
    ValueError
        If no such exchange is known; the sentence names what comes near.
    """
    code = text.strip().upper()
    code = _SAME_SESSIONS.get(code, code)
    if not code or code in EXCHANGES:
        return code
    near = get_close_matches(code, sorted(EXCHANGES), n=3)
    examples = ", ".join(near) if near else "XNYS, XLON, XETR"
    raise ValueError(f"{text[:40]!r} is no exchange's code; {'near it' if near else 'examples'}: {examples}")
