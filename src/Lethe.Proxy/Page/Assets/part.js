/** A part of a page as a document of its own; null where it does not come. */
export function ask(address) {
  return new Promise((come) => {
    const request = new XMLHttpRequest();
    request.responseType = "document";
    request.open("GET", address);
    request.addEventListener("loadend", () => come(request.status === 200 ? request.response : null));
    request.send();
  });
}
