"""ICC profiles for colours that a file describes in numbers: CICP code points, or gAMA and cHRM of PNG.

Sources: ITU-T H.273, tables 2 and 3; ITU-R BT.2100 for PQ and HLG; the PNG specification, third edition; ICC.1.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache

import numpy as np

Chromaticities = tuple[float, ...]
"""x and y of white, red, green and blue."""

D65 = (0.3127, 0.329)
SRGB = (*D65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
PRIMARIES = {
    1: SRGB,
    9: (*D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    12: (*D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
"""Code point -> BT.709, BT.2020, Display P3."""
SRGB_CURVES, GAMMAS, PQ, HLG = (1, 6, 13, 14, 15), {4: 2.2, 8: 1.0}, 16, 18
"""Code points of transfers. Those of video count as sRGB's, as in Chromium for AVIF: most writers mean that."""
# PQ and HLG say how bright a screen is; white paper has 203 cd/m². Up to 1,000 cd/m², highlights are compressed by the
# curve that Chromium uses (Reinhard's); what is brighter is white.
PAPER_NITS, PQ_NITS, WHITE_NITS = 203, 10_000, 1000
TABLE = 4096

D50 = (0.9642, 1.0, 0.8249)
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
# What a writer stores for sRGB, and the range that makes sense.
USUAL_GAMA, LEAST_GAMA, MOST_GAMA = 45455, 10_000, 1_000_000


@lru_cache(maxsize=8)
def cicp_profile(primaries: int, transfer: int) -> bytes | None:
    """The profile for two CICP code points; empty if they mean sRGB, None if they are unknown here."""
    if primaries not in PRIMARIES:
        return None
    if primaries == 1 and transfer in SRGB_CURVES:
        return b""
    if transfer in SRGB_CURVES:
        return _rgb_profile(PRIMARIES[primaries], _srgb_curve())
    if transfer in GAMMAS:
        return _rgb_profile(PRIMARIES[primaries], _gamma_curve(GAMMAS[transfer]))
    if transfer in (PQ, HLG):
        return _rgb_profile(PRIMARIES[primaries], _table_curve(transfer))
    return None


def nclx_profile(head: bytes) -> bytes:
    """As `cicp_profile`, of an AVIF file that begins so: of its pictures, if all say the same; else empty."""
    found = {head[start : start + 4] for start in (match.end() for match in re.finditer(b"colrnclx", head))}
    if len(found) != 1 or len(code_points := found.pop()) != 4:
        return b""
    return cicp_profile(*struct.unpack(">HH", code_points)) or b""


def gama_profile(gama: int, chrm: bytes, is_grey: bool) -> bytes:
    """The profile for a PNG's gAMA and cHRM; empty if they mean sRGB or nothing.

    Args:
        gama: the exponent of encoding times 100,000; 0 if there is none.
        chrm: the chunk's data; empty if there is none.
        is_grey: whether the picture is grey, with or without transparency.
    """
    if not LEAST_GAMA <= gama <= MOST_GAMA:
        return b""
    curve = _srgb_curve() if gama == USUAL_GAMA else _gamma_curve(100_000 / gama)
    if is_grey:
        return b"" if gama == USUAL_GAMA else _profile(b"GRAY", {b"kTRC": curve})
    places = tuple(value / 100_000 for value in struct.unpack(">8I", chrm)) if len(chrm) == 32 else SRGB
    if gama == USUAL_GAMA and np.allclose(places, SRGB, atol=0.002):
        return b""
    return _rgb_profile(places, curve)


def _rgb_profile(places: Chromaticities, curve: bytes) -> bytes:
    """Empty if the chromaticities are those of no colours."""
    xy = np.array(places).reshape(4, 2)
    if (xy[:, 1] <= 0).any():
        return b""
    white, *corners = np.column_stack([xy, 1 - xy.sum(axis=1)]) / xy[:, 1:]
    columns = np.column_stack(corners)
    if abs(np.linalg.det(columns)) < 1e-6:
        return b""
    cones = BRADFORD @ white
    if (cones <= 0).any():
        return b""
    adapted = np.linalg.inv(BRADFORD) @ np.diag(BRADFORD @ D50 / cones) @ BRADFORD
    matrix = adapted @ columns @ np.diag(np.linalg.solve(columns, white))
    if np.abs(matrix).max() > 10:
        return b""
    tags = {name + b"XYZ": _xyz(column) for name, column in zip((b"r", b"g", b"b"), matrix.T, strict=True)}
    return _profile(b"RGB ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"wtpt": _xyz(D50)} | tags
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x02400000, b"mntr", space, b"XYZ ").ljust(36, b"\0")
    head = (head + b"acsp").ljust(68, b"\0") + _xyz(D50)[8:]
    return head.ljust(128, b"\0") + table + body


def _xyz(values: object) -> bytes:
    return b"XYZ " + bytes(4) + np.rint(np.asarray(values) * 65536).astype(">i4").tobytes()


def _parametric(kind: int, *values: float) -> bytes:
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + np.rint(np.array(values) * 65536).astype(">i4").tobytes()


def _srgb_curve() -> bytes:
    return _parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def _gamma_curve(gamma: float) -> bytes:
    return _parametric(0, gamma)


def _table_curve(transfer: int) -> bytes:
    """Samples of PQ or HLG as light, from black to white."""
    sample = np.linspace(0, 1, TABLE)
    if transfer == PQ:
        power = sample ** (32 / 2523)
        ratio = (power - 107 / 128).clip(0) / (2413 / 128 - 2392 / 128 * power)
        light = ratio ** (8192 / 1305) * PQ_NITS
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(sample <= 0.5, sample**2 / 3, (np.exp((sample - c) / a) + b) / 12) ** 1.2 * WHITE_NITS
    light, white = light / PAPER_NITS, WHITE_NITS / PAPER_NITS
    values = np.rint((light * (1 + light / white**2) / (1 + light)).clip(0, 1) * 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", TABLE) + values.tobytes()


__all__ = ["cicp_profile", "gama_profile", "nclx_profile"]
