"""Writes gender_age/mtcnn.safetensors from the three pickles in facenet-pytorch's wheel, once, for the repository.

    python scripts/mtcnn_weights.py [OUT]

The same values, in float32. facenet-pytorch is under the MIT licence, whose text the file carries in its metadata.
"""

from __future__ import annotations

import sys
from importlib.metadata import distribution
from pathlib import Path

import torch
from safetensors.torch import save_file

PACKAGE, VERSION = "facenet-pytorch", "2.5.3"
SOURCE = "https://github.com/timesler/facenet-pytorch"
NETWORKS = ("pnet", "rnet", "onet")
OUT = Path(__file__).resolve().parents[1] / "gender_age" / "mtcnn.safetensors"


def main(out: Path) -> None:
    """Writes `out`.

    Raises:
        SystemExit: another version of the package is installed.
    """
    package = distribution(PACKAGE)
    if package.version != VERSION:
        raise SystemExit(f"{PACKAGE} {package.version} is installed; the weights are taken from {VERSION}")
    weights = {
        f"{network}.{name}": tensor.contiguous()
        for network in NETWORKS
        for name, tensor in _pickled(package.locate_file(f"facenet_pytorch/data/{network}.pt")).items()
    }
    licence = package.read_text("LICENSE.md")
    if not licence:
        raise SystemExit(f"the installed {PACKAGE} comes without its licence")
    # One entry: safetensors writes several in an order of chance.
    save_file(weights, out, metadata={"license": f"MTCNN's weights from {PACKAGE} {VERSION}, {SOURCE}\n\n{licence}"})
    # safetensors creates files with mode 600: https://github.com/safetensors/safetensors/issues/782.
    out.chmod(0o644)
    print(f"{out}: {len(weights)} tensors, {out.stat().st_size / 1e6:.1f} MB")


def _pickled(path) -> dict[str, torch.Tensor]:
    return torch.load(str(path), map_location="cpu", weights_only=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else OUT)
