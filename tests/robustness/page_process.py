"""`python app.py` with the times after which files go shortened, and on request with a model that is a fake.

`python -m tests.robustness.page_process [--clean EVERY_S OLDER_S] [--fake [--seconds S]] ARGUMENTS OF app.py…`
"""

from __future__ import annotations

import argparse
import sys

from page.shared import settings as serving


def main(argv: list[str]) -> int:
    """As `app.main`."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--clean", nargs=2, type=int, default=(serving.CLEAN_EVERY_S, serving.CLEAN_OLDER_S))
    parser.add_argument("--fake", action="store_true")
    parser.add_argument("--seconds", type=float, default=0.0, help="that the fake takes for a photo")
    options, rest = parser.parse_known_args(argv)
    # Before the tabs read them.
    serving.CLEAN_EVERY_S, serving.CLEAN_OLDER_S = options.clean
    serving.STATE_SECONDS = serving.CLEAN_OLDER_S
    import app

    if options.fake:
        from tests import fakes

        app.GenderAgePredictor.from_pretrained = lambda *_, **__: fakes.FakePredictor(
            fakes.size_as_age, seconds=options.seconds
        )
    return app.main(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
