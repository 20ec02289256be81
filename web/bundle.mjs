// bundle.mjs WEB BUILD: bundles WEB/src with the modules in BUILD/node_modules, compresses each file, and writes them all as
// BUILD/assets.cpp (daemon/page/assets.hpp). The same sources give the same bytes.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const [web, build] = process.argv.slice(2).map((path) => resolve(path));
const esbuild = createRequire(join(build, "package.json"))("esbuild");
const dist = join(build, "dist");
const kMost = 150 * 1024; // of all files together, compressed

rmSync(dist, { recursive: true, force: true });
esbuild.buildSync({
  entryPoints: { app: join(web, "src/main.ts") },
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "inline",
  outdir: dist,
  nodePaths: [join(build, "node_modules")],
  tsconfig: join(web, "tsconfig.json"),
  logLevel: "warning",
});

const files = [
  ["/", "text/html; charset=utf-8", readFileSync(join(web, "src/index.html"))],
  ["/app.js", "text/javascript; charset=utf-8", readFileSync(join(dist, "app.js"))],
  ["/app.css", "text/css; charset=utf-8", readFileSync(join(dist, "app.css"))],
  ["/licenses.txt", "text/plain; charset=utf-8", Buffer.concat([Buffer.from("In this page: uPlot\n\n"), readFileSync(join(build, "node_modules/uplot/LICENSE"))])],
  ["/icon.svg", "image/svg+xml", readFileSync(join(web, "src/icon.svg"))],
].map(([path, type, bytes]) => {
  const packed = gzipSync(bytes, { level: 9 });
  packed[9] = 255; // the system it was made on: any
  return { path, type, packed, etag: createHash("sha256").update(bytes).digest("hex").slice(0, 16) };
});

const total = files.reduce((sum, file) => sum + file.packed.length, 0);
if (total > kMost) {
  console.error(`the web page has ${total} bytes compressed, at most ${kMost} are wanted`);
  process.exit(1);
}
const arrays = files.map((f, i) => `const unsigned char file_${i}[] = {${[...f.packed].join(",")}};`);
const rows = files.map(
  (f, i) =>
    `{"${f.path}", "${f.type}", {reinterpret_cast<const char*>(file_${i}), sizeof file_${i}}, "\\"${f.etag}\\""}`,
);
writeFileSync(
  join(build, "assets.cpp"),
  `#include "daemon/page/assets.hpp"

namespace backstop::page {
namespace {
${arrays.join("\n")}
} // namespace

std::span<const Asset> assets() {
  static const Asset all[] = {
    ${rows.join(",\n    ")}};
  return all;
}

} // namespace backstop::page
`,
);
console.log(`web page: ${total} bytes compressed`);
