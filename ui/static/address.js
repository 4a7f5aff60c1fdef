// <speech-address query="q=sea&starred=1">: what the page shows, kept in its address, so that a
// reload or a link shows the same.

class SpeechAddress extends HTMLElement {
  static observedAttributes = ["query"];

  attributeChangedCallback(_name, _before, query) {
    const url = new URL(location.href);
    url.search = query;
    history.replaceState(history.state, "", url);
  }
}

customElements.define("speech-address", SpeechAddress);
