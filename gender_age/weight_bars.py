"""No progress bars for weights that are read or written in a moment."""

from __future__ import annotations


def hide_weight_bars() -> None:
    """Hides transformers' bars of reading and writing weights, but not the Hub's downloads, which go with them.

    For programs: it holds for the whole process.
    """
    # Here, as programs answer mistakes in their arguments before libraries are imported.
    import huggingface_hub.utils
    import transformers

    hidden = huggingface_hub.utils.are_progress_bars_disabled()
    transformers.utils.logging.disable_progress_bar()
    if not hidden:
        huggingface_hub.utils.enable_progress_bars()


__all__ = ["hide_weight_bars"]
