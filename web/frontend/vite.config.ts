import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: '/static/',
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
    rollupOptions: {
      input: {
        index: 'index.html',
        watch: 'watch.html',
        studio: 'studio.html',
        embed: 'embed.html',
      },
    },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
