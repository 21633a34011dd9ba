import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    watch: false,
    // Commands that tests start leave nothing in the cache folder of whoever runs them.
    env: { NODE_DISABLE_COMPILE_CACHE: '1' },
  },
})
