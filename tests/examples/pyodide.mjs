// node pyodide.mjs PYODIDE PROGRAM ARCHIVE...: runs a Python program in Pyodide, beside the contents of the archives.
import { readFileSync } from "node:fs";

const [base, program, ...archives] = process.argv.slice(2);
const { loadPyodide } = await import(`${base}/pyodide.mjs`);
const pyodide = await loadPyodide({ indexURL: `${base}/` });
for (const archive of archives) pyodide.unpackArchive(new Uint8Array(readFileSync(archive)), "zip", { extractDir: "/site" });
console.log(pyodide.runPython(readFileSync(program, "utf8")));
