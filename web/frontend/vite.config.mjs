import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const pages = readdirSync('.').filter((name) => name.endsWith('.html'));

/** What every page's head says stands once, in src/head.html. */
function head() {
  return {
    name: 'fanlight-head',
    transformIndexHtml: { order: 'pre', handler: (page) => page.replace('<!-- head -->', readFileSync('src/head.html', 'utf-8').trim()) },
  };
}

export default defineConfig({
  base: '/static/',
  plugins: [head()],
  build: {
    outDir: '../static',
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: ['chrome125', 'firefox125', 'safari17.5'],
    // The Content-Security-Policy knows no data: fonts or scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // hls.js is one piece; scripts/budget.mjs watches what a page really weighs.
    chunkSizeWarningLimit: 700,
    rollupOptions: { input: Object.fromEntries(pages.map((name) => [name.replace('.html', ''), name])) },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
