"""The Gradio page: finds the faces of a photo with apparent age and perceived gender. Its tabs are in `page/`."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

from page.server.own_address import HOST, PORT, ask_without_proxy, bracketed, hidden_from_gradio, port_number

with hidden_from_gradio():
    with contextlib.suppress(ImportError):
        # ZeroGPU's package, before anything may start CUDA: torch then reports a GPU, and the model is placed on it.
        import spaces  # noqa: F401
    import gradio as gr
    import gradio.http_server  # which reads the port, and which gradio imports only when it is used
import httpx

from gender_age.any_text import print_any_text
from gender_age.errors import ModelError
from gender_age.native_stderr import quiet_native_stderr
from gender_age.prediction import DEFAULT_MODEL, GenderAgePredictor
from gender_age.weight_bars import hide_weight_bars
from page.about.tab import build_about_tab
from page.live.tab import build_live_tab
from page.many.tab import build_many_tab
from page.photo.tab import build_photo_tab
from page.server.byte_ranges import byte_ranges
from page.server.call_defaults import fill_defaults
from page.server.code_snippets import replace_code_snippets
from page.server.connections import bound_connections
from page.server.janitor import Janitor
from page.server.leaving import cancel_left_tools, end_left_streams
from page.server.log_lines import bound_log, one_line_errors
from page.server.mcp_limits import bound_mcp
from page.server.memory import keep_memory_low
from page.server.page_head import TITLE, page_head
from page.server.private_folder import private_folder
from page.server.request_limits import bound_uploads, exception_handlers, guard_inputs, request_limit
from page.server.response_headers import response_headers
from page.server.start import wait_for_first_page
from page.shared.opening import guarded
from page.shared.records import evaluation_of, training_of
from page.shared.settings import CLEAN_EVERY_S, CLEAN_OLDER_S, MAX_UPLOAD_MB, ROOT
from page.why.tab import build_why_tab

QUEUE_SIZE = 32
# System fonts: nothing is fetched from elsewhere. Soft's own colours of buttons, choices and links have too little
# contrast (WCAG).
# gradio's sizes of text, in rem in place of pixels: they follow the size that a visitor has set in the browser.
TEXT_SIZE = gr.themes.Size(
    xxs="0.5625rem", xs="0.625rem", sm="0.75rem", md="0.875rem", lg="1rem", xl="1.375rem", xxl="1.625rem"
)
THEME = gr.themes.Soft(
    font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"], text_size=TEXT_SIZE
).set(
    button_primary_background_fill="*primary_600",
    button_primary_background_fill_hover="*primary_700",
    button_primary_background_fill_hover_dark="*primary_700",
    checkbox_label_background_fill_selected="*primary_600",
    link_text_color="*primary_700",
    link_text_color_hover="*primary_800",
    link_text_color_visited="*primary_700",
    link_text_color_dark="*primary_300",
    link_text_color_hover_dark="*primary_200",
    link_text_color_visited_dark="*primary_300",
)
LAUNCH = {
    "theme": THEME,
    "favicon_path": ROOT / "page" / "favicon.svg",
    "css_paths": sorted((ROOT / "page").rglob("*.css")),
    "max_file_size": f"{MAX_UPLOAD_MB}mb",
    # gradio's settings offer other languages, an app that is not enabled, and a recorder.
    "footer_links": ["api"],
    # gradio keeps the values of the page for each session, one or two megabytes; beyond this number the least recently
    # used session is dropped.
    "state_session_capacity": 100,
    # Otherwise the browser of every visitor keeps the photos of past runs.
    "run_history": False,
    "ssr_mode": False,
    # The one word of gradio's that its own list of words lacks: a button would be called "common.upload".
    "i18n": gr.I18n(en={"common.upload": "Add files"}),
    "mcp_server": True,
}

INTRO = """<div class="ga-intro"><h1>Gender and age</h1>
<p>Finds every face of a photo and estimates its apparent age, with an interval, and its perceived gender.</p></div>
<div class="ga-note ga-error ga-lost" role="alert" hidden>
<strong>The connection broke, and the page was loaded again.</strong>
<span>The photos of this visit are still on the tab Photo. Choose anything else again.</span></div>"""
SMALL_PRINT = """<div class="ga-small-print">
<p><b>What it means.</b> Age is how old a face looks, not how old the person is; gender is how a face is read, as one of
two labels, and not who the person is. Errors are larger for children and old people, and differ between groups.</p>
<p><b>What it is not for.</b> Age checks, identification, surveillance, hiring, advertising, or any other decision about
a person.</p></div>"""


def build_demo(predictor: GenderAgePredictor) -> gr.Blocks:
    """The page and its named API, `/predict` and `/predict_batch`, for a loaded predictor."""
    cleaning = (CLEAN_EVERY_S, CLEAN_OLDER_S)
    predictor = guarded(predictor)
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=cleaning) as demo:
        gr.HTML(INTRO, js_on_load=(ROOT / "page/shared/view.js").read_text(encoding="utf-8"))
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):
            with gr.Tab("Photo", id="photo"):
                analysed = build_photo_tab(predictor)
            with gr.Tab("Why?", id="why") as why:
                build_why_tab(predictor, analysed, why)
            with gr.Tab("Many photos", id="many"):
                build_many_tab(predictor)
            with gr.Tab("Live", id="live"):
                build_live_tab(predictor)
            with gr.Tab("About", id="about"):
                build_about_tab(evaluation_of(predictor), training_of(predictor))
        gr.HTML(SMALL_PRINT)
    bound_uploads()
    bound_mcp()
    cancel_left_tools()
    fill_defaults(demo)
    replace_code_snippets()
    guard_inputs(demo)
    demo.queue(max_size=QUEUE_SIZE)
    end_left_streams(demo)
    return demo


def launch_options() -> dict:
    """The options of `launch`. gradio changes `app_kwargs` in place, so it is new for every launch."""
    middleware = [response_headers(), one_line_errors(), request_limit(), byte_ranges(), page_head()]
    return LAUNCH | {"app_kwargs": {"middleware": middleware, "exception_handlers": exception_handlers()}}


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description="Serves the page.")
    parser.add_argument(
        "--model",
        metavar="ID_OR_FOLDER",
        help="Hub id or folder of a checkpoint (default: $GENDER_AGE_MODEL at $GENDER_AGE_REVISION, else the "
        "repository's own)",
    )
    parser.add_argument("--revision", metavar="R", help="branch, tag or commit of a Hub model")
    parser.add_argument("--device", metavar="D", help="cpu, cuda, ... (default: the GPU if there is one that works)")
    parser.add_argument(
        "--host",
        metavar="H",
        type=bracketed,
        default=os.environ.get(HOST) or None,
        help="address to listen on (default: $GRADIO_SERVER_NAME, else local)",
    )
    parser.add_argument(
        "--port",
        metavar="P",
        type=port_number,
        # gradio would look for a free one from there on.
        default=os.environ.get(PORT) or None,
        help="port (default: $GRADIO_SERVER_PORT, else the first free one from 7860 on)",
    )
    arguments = parser.parse_args(argv)
    if arguments.model is None and (model := os.environ.get("GENDER_AGE_MODEL")):
        arguments.model = model
        arguments.revision = arguments.revision or os.environ.get("GENDER_AGE_REVISION") or None
    arguments.model = arguments.model or DEFAULT_MODEL
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Loads the model and serves the page until interrupted; the exit status is 1 if either fails."""
    arguments = parse_arguments(argv)
    print_any_text()
    keep_memory_low()
    bound_connections()
    with quiet_native_stderr():
        return serve(arguments)


def serve(arguments: argparse.Namespace) -> int:
    """`main` after the arguments are read."""
    bound_log()
    wait_for_first_page()
    ask_without_proxy(arguments.host)
    hide_weight_bars()
    try:
        predictor = GenderAgePredictor.from_pretrained(arguments.model, arguments.revision, arguments.device)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        with private_folder() as folder:
            demo = build_demo(predictor)
            Janitor(demo, folder).start()
            demo.launch(server_name=arguments.host, server_port=arguments.port, **launch_options())
    # The port is in use or over 65535, the address is not of this machine, or none, or cannot be reached.
    except (OSError, OverflowError, httpx.HTTPError, httpx.InvalidURL) as error:
        print(f"The page cannot be served: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
