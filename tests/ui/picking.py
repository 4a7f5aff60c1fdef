"""Choosing a voice as a person does, in a page that is open in a browser."""

from playwright.sync_api import Locator, Page, expect


def choose_voice(page: Page, place: Locator, voice_id: str) -> None:
    """In the picker at `place`: press it, look for the voice, and press that."""
    place.locator(".chosen").click()
    page.locator(f".voice-choices [data-choice='{voice_id}'] .told-of").click()
    expect(page.locator(".voice-panel")).to_be_hidden()
