"""Standard error while C libraries write to it."""

import subprocess
import sys
from pathlib import Path

from .pictures import encoded, picture

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


def test_the_command_line_is_quiet_about_tiff(tmp_path):
    """libtiff names the file and says what it misses in it."""
    whole = encoded(picture((600, 400)), "TIFF", compression="tiff_lzw")
    (tmp_path / "a.tif").write_bytes(whole[: len(whole) // 2])
    loud = run("-W", "ignore", "-c", f"from PIL import Image; Image.open({str(tmp_path / 'a.tif')!r}).load()")
    result = run("-m", "gender_age", str(tmp_path / "a.tif"))
    assert result.returncode == 1
    assert "is damaged" in result.stdout + result.stderr
    assert "Traceback" in loud.stderr
    assert "a.tif:" not in result.stderr.replace(str(tmp_path), "")
    assert "Decode" not in result.stderr
