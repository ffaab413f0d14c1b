// Python in a worker: loads mgeconvert once, then converts what the page sends. Nothing leaves the browser.
const LOCAL = new URL("pyodide/", self.location.href).href;
const PYTHON = `
import io, os, shutil, sys

def run(name, data, target):
    """Convert one file; (exit code, what was said, {file name: bytes})."""
    from mgeconvert_cli.main import application
    shutil.rmtree("/work", ignore_errors=True)
    os.makedirs("/work/out")
    os.chdir("/work")
    with open(name, "wb") as file:
        file.write(data)
    said, sys.stderr = sys.stderr, io.StringIO()
    try:
        application.main(["convert", name, f"out/{os.path.splitext(name)[0]}{target}", "--no-verify"])
    except SystemExit as end:
        code = end.code or 0
    finally:
        text, sys.stderr = sys.stderr.getvalue(), said
    files = {each: open(f"out/{each}", "rb").read() for each in sorted(os.listdir("out"))}
    return code, text, files
`;

async function start() {
  const wheels = await (await fetch("wheels.json")).json();
  const local = await fetch(`${LOCAL}pyodide.mjs`, { method: "HEAD" });
  const base = local.ok ? LOCAL : wheels.pyodide;
  const { loadPyodide } = await import(`${base}pyodide.mjs`);
  const pyodide = await loadPyodide({ indexURL: base });
  await pyodide.loadPackage(["numpy", "protobuf", "ml-dtypes", "click"]);
  await pyodide.loadPackage(wheels.files.map((name) => new URL(name, self.location.href).href));
  pyodide.runPython(PYTHON);
  return pyodide.globals.get("run");
}

const ready = start();
ready.then(
  () => self.postMessage({ state: "ready" }),
  (error) => self.postMessage({ state: "failed", text: String(error) }),
);

self.onmessage = async ({ data: { name, bytes, target } }) => {
  const run = await ready;
  const answer = run(name, bytes, target);
  const [code, text, files] = answer.toJs({ dict_converter: Object.fromEntries });
  answer.destroy();
  self.postMessage({ state: "done", code, text, files });
};
