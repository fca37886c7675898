/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `npm run dev` finds the running product. */
const server = process.env.GENAISYS_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "/",
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  server: {
    proxy: {
      "/api": server,
      "/enter": server,
      "/sign-in": server,
      "/join": server,
      "/static": server,
      "/ws": { target: server.replace("http", "ws"), ws: true },
    },
  },
  build: {
    target: "es2022",
    // A strict content security policy refuses data: fonts and scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
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
