"""The tab Photo around a fake model, and what that finds."""

import gradio as gr

from gender_age.detection import MIN_SCORE
from page.photo.tab import SMALLEST_PERCENT, build_photo_tab
from tests import fakes

FLOORS = (MIN_SCORE, SMALLEST_PERCENT)


def face(x, side, score):
    return fakes.face(box=(x, 10, x + side, 10 + side), score=score, age=40.5)


# 3, 4 and 10 percent of the photo's longer side.
FACES = (face(5, 6, 0.999), face(40, 8, 0.8), face(80, 20, 0.95))
PHOTO = fakes.photo(width=200, height=100, faces=FACES)


class Tab:
    """The built tab, its events called as gradio calls them."""

    def __init__(self):
        self.predictor = fakes.FakePredictor(fakes.unless_white(*FACES))
        with gr.Blocks() as self.demo, gr.Tabs(), gr.Tab("Photo"):
            self.shown = build_photo_tab(self.predictor)
        self.events = {event.name: event for event in self.demo.fns.values() if event.fn is not None}

    def choose(self, photo):
        """The state that a chosen photo leaves: what was found."""
        found, *emptied = self.events["search"].fn(photo).values()
        assert emptied == ([None] if photo else []), "the input keeps the photo"
        return found

    def show(self, found, *thresholds, event="show"):
        """The updates by element id, and the tab's state."""
        return self._by_id(self.events[event].fn(found, *(thresholds or FLOORS)))

    def _by_id(self, updates):
        by_id = {component.elem_id: update for component, update in updates.items() if component is not self.shown}
        return by_id, updates[self.shown]
