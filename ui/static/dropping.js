// <document-drop>: a document that is dropped or pasted anywhere on the page is put into its field.
//
// Attributes: `field`, the id of the widget that takes the file, and `side`, of the radio whose last
// choice is a file. State for others to read: data-over, while a file is dragged across the page.

const PATIENCE = 3000; // Milliseconds in which a field that was emptied takes another file.

class DocumentDrop extends HTMLElement {
  connectedCallback() {
    this.listening = new AbortController();
    const options = { signal: this.listening.signal, capture: true };
    for (const name of ["dragenter", "dragover", "dragleave", "drop"])
      addEventListener(name, (event) => this.dragged(event), options);
    addEventListener("paste", (event) => this.pasted(event), options);
  }

  disconnectedCallback() {
    this.listening.abort();
  }

  dragged(event) {
    if (!carriesFiles(event.dataTransfer)) return;
    if (event.type === "dragleave") return this.over(event.relatedTarget !== null);
    const mine = !this.isForAnother(event.target);
    this.over(mine && event.type !== "drop");
    if (!mine) return;
    event.preventDefault();
    event.stopPropagation();
    event.dataTransfer.dropEffect = "copy";
    if (event.type === "drop") this.take(event.dataTransfer.files[0]);
  }

  pasted(event) {
    const file = event.clipboardData?.files[0];
    if (!file || this.isForAnother(event.target)) return;
    event.preventDefault();
    this.take(file);
  }

  // Other fields of the page take files too, such as a cover.
  isForAnother(target) {
    const field = target.closest?.("[id^=field-]");
    return Boolean(field && field.id !== this.field && field.querySelector("input[type=file]"));
  }

  over(is) {
    this.toggleAttribute("data-over", is);
  }

  get field() {
    return this.getAttribute("field");
  }

  async take(file) {
    if (!file) return;
    const sides = document.querySelectorAll(`#${this.getAttribute("side")} input[type=radio]`);
    const aside = [...sides].at(-1);
    if (aside && !aside.checked) aside.click();
    const input = await this.emptied();
    if (!input) return;
    const carried = new DataTransfer();
    carried.items.add(file);
    input.files = carried.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // The input of the field, which is there once what it held before is taken out.
  async emptied() {
    const until = performance.now() + PATIENCE;
    const find = () => document.querySelector(`#${this.field} input[type=file]`);
    if (!find()) document.querySelector(`#${this.field} button[aria-label]`)?.click();
    while (!find() && performance.now() < until)
      await new Promise((done) => setTimeout(done, 30));
    return find();
  }
}

const carriesFiles = (data) => Boolean(data?.types.includes("Files"));

customElements.define("document-drop", DocumentDrop);
