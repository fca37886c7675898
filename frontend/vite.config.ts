/// <reference types="vitest/config" />
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Beside every text a `.gz` and a `.br`, made once here so that the server only has to choose. */
function compressed(): Plugin {
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  const compress = async (file: string) => {
    const bytes = await readFile(file);
    await writeFile(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }));
    await writeFile(`${file}.br`, await promisify(brotliCompress)(bytes, brotli));
  };
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir = "dist" }) {
      const names = await readdir(join(dir, "assets"));
      await Promise.all(names.filter((name) => /\.(js|css|svg)$/.test(name)).map((name) => compress(join(dir, "assets", name))));
    },
  };
}

/** Where `npm run dev` finds the running product. */
const server = process.env.GENAISYS_URL ?? "http://127.0.0.1:8000";
/** Keeps the browser's own host, which the server's guard against forged requests compares with the origin. */
const passed = { target: server, changeOrigin: false };

/** The typeface under a name that never changes, for the pages that Django draws (`webapp/static/entry.css`). */
function typeface(): Plugin {
  const file = "node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";
  return {
    name: "typeface",
    apply: "build",
    async generateBundle() {
      this.emitFile({ type: "asset", fileName: "assets/inter.woff2", source: await readFile(file) });
    },
  };
}

export default defineConfig({
  base: "/",
  plugins: [react(), compressed(), typeface()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  server: {
    proxy: {
      "/api": passed,
      "/enter": passed,
      "/sign-in": passed,
      "/join": passed,
      "/sign-out": passed,
      "/static": passed,
      "/ws": { ...passed, ws: true },
    },
  },
  build: {
    target: "es2022",
    // A strict content security policy refuses data: fonts and scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // A few files that change seldom, rather than one for each icon.
        codeSplitting: {
          groups: [
            { name: "canvas", priority: 1, test: /node_modules\/(@xyflow|d3-[^/]+|yjs|lib0)\// },
            { name: "base", priority: 3, test: /node_modules\/(react|react-dom|scheduler|wouter|zustand|@tanstack|i18next|react-i18next|clsx|lucide-react)\// },
            { name: "parts", priority: 2, test: /(node_modules\/(@radix-ui|radix-ui|@floating-ui|aria-hidden|react-remove-scroll)|src\/(ui|api|i18n|shell))\/(?!.*zh\/)/ },
          ],
        },
      },
    },
  },
  test: {
    environment: "jsdom",
    // One jsdom for several files: making it costs more than the tests do.
    isolate: false,
    setupFiles: ["./src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
