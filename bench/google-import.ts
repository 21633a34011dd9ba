/** Loads what a read of a Google directory needs, and nothing else; for google.ts, which measures it. */
await Promise.all([
  import('../connectors/google/index.ts'),
  import('../connectors/google/reading.ts'),
  import('googleapis/build/src/apis/admin/directory_v1.js'),
])
