"use strict";
(() => {
  const NAME = 0, OP = 1, PATH = 2, READS = 3, TYPES = 4, PARAMETERS = 5, MACS = 6, BYTES = 7, ERROR = 8;
  const nodes = JSON.parse(document.getElementById("nodes").textContent);
  const counted = (one) => one.nodes.length + (one.nodes.length === 1 ? " node" : " nodes");
  const picture = document.getElementById("picture"), figure = document.getElementById("figure");
  const detail = document.getElementById("detail"), where = document.getElementById("where");
  const space = "http://www.w3.org/2000/svg", W = 150, H = 34, GAPX = 18, GAPY = 30;
  let current = "", view = [0, 0, 1, 1], whole = view;
  if (!nodes.some((node) => node[ERROR] !== null)) {
    figure.querySelector('option[value="8"]').remove();
  }

  const make = (name, attributes, text) => {
    const element = document.createElementNS(space, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const amount = (count) => count.toLocaleString("en");
  const short = (text) => text.length > 22 ? text.slice(0, 10) + "\u2026" + text.slice(-11) : text;

  // Which box of the module a node stands in: its own, that of a module inside, or none.
  const box = (number) => {
    const path = nodes[number][PATH], inside = current ? current + "." : "";
    if (path === current) return "n" + number;
    return path.startsWith(inside) ? "m" + inside + path.slice(inside.length).split(".")[0] : null;
  };

  const boxes = () => {
    const found = new Map();
    const add = (key, label, kind) => {
      if (!found.has(key)) found.set(key, { key, label, kind, from: new Set(), nodes: [], layer: 0 });
      return found.get(key);
    };
    nodes.forEach((node, number) => {
      const key = box(number);
      if (key === null) return;
      const made = key[0] === "n" ? add(key, node[OP], "node") : add(key, key.slice(1).split(".").pop(), "module");
      made.nodes.push(number);
      for (const read of node[READS]) {
        const other = box(read);
        if (other === key) continue;
        if (other === null) add("o" + read, nodes[read][NAME], "outside").nodes = [read];
        made.from.add(other === null ? "o" + read : other);
      }
    });
    return found;
  };

  // Layers by the longest path; modules called in turns can form cycles, so passes are bounded.
  const layered = (found) => {
    const all = [...found.values()].sort((a, b) => a.nodes[0] - b.nodes[0]);
    for (const one of all)
      for (const key of one.from) {
        const other = found.get(key);
        if (other.nodes[0] < one.nodes[0] || other.kind === "outside") one.layer = Math.max(one.layer, other.layer + 1);
      }
    const layers = [];
    for (const one of all) (layers[one.layer] = layers[one.layer] || []).push(one);
    layers.forEach((layer, depth) => {
      layer.forEach((one, place) => { one.x = place * (W + GAPX); one.y = depth * (H + GAPY); });
      const middle = (one) => {
        const above = [...one.from].map((key) => found.get(key)).filter((other) => other.layer < depth);
        return above.length ? above.reduce((sum, other) => sum + other.x, 0) / above.length : one.x;
      };
      const wanted = new Map(layer.map((one) => [one, middle(one)]));
      layer.sort((a, b) => wanted.get(a) - wanted.get(b));
      let next = -Infinity;
      for (const one of layer) { one.x = Math.max(wanted.get(one), next); next = one.x + W + GAPX; }
    });
    return all;
  };

  const figureOf = (one, column) => {
    const values = one.nodes.map((number) => nodes[number][column]).filter((value) => value !== null);
    if (!values.length) return null;
    return column === ERROR ? Math.max(...values) : values.reduce((a, b) => a + b, 0);
  };
  const strength = (value, column, most) => {
    if (value === null || !value) return 0;
    if (column === ERROR) return Math.min(1, Math.max(0, (Math.log10(value) + 7) / 7));
    return Math.log1p(value) / Math.log1p(most);
  };
  const describe = (one) => {
    const error = figureOf(one, ERROR);
    const figures = `${amount(figureOf(one, PARAMETERS))} parameters, ${amount(figureOf(one, MACS))} MACs, ` +
      `${amount(figureOf(one, BYTES))} bytes` + (error === null ? "" : `, error ${error.toPrecision(3)}`);
    const node = nodes[one.nodes[0]];
    return one.kind === "module" ? `${one.key.slice(1)}: ${counted(one)}, ${figures}`
      : `${node[NAME]} (${node[OP]}) gives ${node[TYPES]}: ${figures}`;
  };

  const draw = () => {
    const found = boxes(), all = layered(found), column = Number(figure.value);
    const most = Math.max(1, ...all.map((one) => figureOf(one, column) || 0));
    const drawn = document.createDocumentFragment();
    for (const one of all)
      for (const key of one.from) {
        const other = found.get(key), x = other.x + W / 2, y = other.y + H, u = one.x + W / 2, v = one.y;
        drawn.append(make("path", { d: `M${x} ${y}C${x} ${y + GAPY},${u} ${v - GAPY},${u} ${v}` }));
      }
    for (const one of all) {
      const group = make("g", { class: one.kind, transform: `translate(${one.x} ${one.y})`, tabindex: 0, role: "button" });
      const text = describe(one), value = one.kind === "outside" ? 0 : strength(figureOf(one, column), column, most);
      const rect = make("rect", { width: W, height: H, rx: 4 });
      if (value > 0) rect.style.fill = `color-mix(in srgb, var(${column === ERROR ? "--bad" : "--accent"}) ${Math.round(value * 70)}%, var(--box))`;
      const type = one.kind === "module" ? counted(one) : nodes[one.nodes[0]][TYPES];
      group.append(make("title", {}, text), rect, make("text", { x: 6, y: 14 }, short(one.label)), make("text", { x: 6, y: 28 }, short(type)));
      group.setAttribute("aria-label", text);
      const say = () => { detail.textContent = text; };
      const open = () => { if (one.kind === "module") show(one.key.slice(1)); else if (one.kind === "outside") show(nodes[one.nodes[0]][PATH]); };
      group.addEventListener("focus", say);
      group.addEventListener("pointerenter", say);
      group.addEventListener("click", () => { if (!moved) open(); });
      group.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); } });
      drawn.append(group);
    }
    picture.replaceChildren(drawn);
    const left = Math.min(0, ...all.map((one) => one.x)), right = Math.max(W, ...all.map((one) => one.x + W));
    whole = [left - 10, -10, right - left + 20, Math.max(H, ...all.map((one) => one.y + H)) + 20];
  };
  const look = (next) => { view = next; picture.setAttribute("viewBox", view.join(" ")); };
  const start = () => {
    const width = picture.clientWidth / 1.2, height = picture.clientHeight / 1.2;
    look([whole[0] + (whole[2] - width) / 2, whole[1], width, height]);
  };
  const zoom = (factor, x = view[0] + view[2] / 2, y = view[1] + view[3] / 2) =>
    look([x - (x - view[0]) * factor, y - (y - view[1]) * factor, view[2] * factor, view[3] * factor]);
  const show = (path) => {
    current = path;
    draw();
    start();
    where.textContent = path || "model";
    picture.dataset.module = path;
  };

  let held = null, moved = false;
  picture.addEventListener("pointerdown", (event) => { held = [event.clientX, event.clientY, ...view]; moved = false; });
  picture.addEventListener("pointermove", (event) => {
    if (!held) return;
    const scale = held[4] / picture.clientWidth, x = event.clientX - held[0], y = event.clientY - held[1];
    if (Math.abs(x) + Math.abs(y) > 4) moved = true;
    look([held[2] - x * scale, held[3] - y * scale, view[2], view[3]]);
  });
  for (const name of ["pointerup", "pointerleave"]) picture.addEventListener(name, () => { held = null; });
  picture.addEventListener("wheel", (event) => {
    event.preventDefault();
    const place = picture.getBoundingClientRect();
    zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, view[0] + (event.clientX - place.left) / place.width * view[2],
      view[1] + (event.clientY - place.top) / place.height * view[3]);
  }, { passive: false });
  picture.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) look([view[0] + step[0] * view[2] / 8, view[1] + step[1] * view[3] / 8, view[2], view[3]]);
    else if (event.key === "+" || event.key === "=") zoom(0.8);
    else if (event.key === "-") zoom(1.25);
    else if (event.key === "0") look(whole);
    else return;
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
  document.getElementById("fit").addEventListener("click", () => look(whole));
  document.getElementById("up").addEventListener("click", () => show(current.split(".").slice(0, -1).join(".")));
  for (const button of document.querySelectorAll("[data-module]"))
    if (button !== picture) button.addEventListener("click", () => { show(button.dataset.module); picture.scrollIntoView({ block: "nearest" }); picture.focus(); });
  figure.addEventListener("change", draw);
  show("");
})();
