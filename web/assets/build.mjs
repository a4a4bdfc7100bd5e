// Builds web/static/build: one style sheet and the scripts, each with a hash of its content in its name,
// and manifest.json, by which the templates find them.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.join(here, "..", "static", "build");
// Inside this folder, so that the style's imports of fonts resolve in node_modules.
const scratch = mkdtempSync(path.join(here, ".build-"));

try {
  const utilities = path.join(scratch, "utilities.css");
  const style = path.join(scratch, "app.css");
  writeFileSync(style, '@import "@fontsource-variable/inter/wght.css";\n@import "./utilities.css";\n');
  execFileSync(
    path.join(here, "node_modules", ".bin", "tailwindcss"),
    ["--input", path.join(here, "src", "app.css"), "--output", utilities],
    { cwd: here, stdio: ["ignore", "ignore", "inherit"] },
  );
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const result = await build({
    absWorkingDir: here,
    entryPoints: {
      app: style,
      site: path.join(here, "src", "site.js"),
      overview: path.join(here, "src", "overview.js"),
      accounts: path.join(here, "src", "accounts.js"),
    },
    outdir: target,
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2022"],
    loader: { ".woff2": "file" },
    legalComments: "linked",
    metafile: true,
    logLevel: "warning",
  });
  const manifest = {};
  for (const [file, output] of Object.entries(result.metafile.outputs)) {
    if (!output.entryPoint) continue;
    const built = path.basename(file);
    manifest[built.replace(/-[A-Z0-9]+(\.\w+)$/, "$1")] = built;
  }
  writeFileSync(path.join(target, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
