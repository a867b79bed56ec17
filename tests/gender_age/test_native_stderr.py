"""Standard error while C libraries write to it."""

import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from .pictures import rgb_tags, tiff

CODE = """
import logging, os, sys, threading
from gender_age.native_stderr import quiet_native_stderr
with quiet_native_stderr():
    logging.basicConfig()
    os.write(2, b"native\\n")
    print("python", file=sys.stderr)
    thread = threading.Thread(target=logging.warning, args=("log",))
    thread.start(), thread.join()
os.write(2, b"after\\n")
print("end", file=sys.stderr)
logging.warning("late")
"""


def run(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=Path(__file__).resolve().parents[2]
    )


def test_python_is_heard_and_c_is_not():
    result = run("-c", CODE)
    assert result.stderr.split() == ["python", "WARNING:root:log", "after", "end", "WARNING:root:late"]


def test_without_standard_error():
    assert (
        run(
            "-c", f"import sys; sys.stderr = None\n{CODE.split('with')[0]}\nwith quiet_native_stderr(): pass"
        ).returncode
        == 0
    )


@pytest.mark.slow
def test_the_command_line_is_quiet_about_tiff(tmp_path):
    """libtiff names the file and says what it misses in it."""
    pixels = zlib.compress(b"short")
    (tmp_path / "a.tif").write_bytes(tiff(rgb_tags((60, 40), 8) | {259: 8, 279: len(pixels)}, data=pixels))
    loud = run("-W", "ignore", "-c", f"from PIL import Image; Image.open({str(tmp_path / 'a.tif')!r}).load()")
    result = run("-m", "gender_age", str(tmp_path / "a.tif"))
    assert result.returncode == 1
    assert "is damaged" in result.stdout + result.stderr
    assert "ZIPDecode" in loud.stderr
    assert "ZIPDecode" not in result.stderr
