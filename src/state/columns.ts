import type { DatabaseSync } from 'node:sqlite'
import { rows } from './tables.ts'

/**
 * What a plan looks at for everyone, as columns by number: packed into blobs of some thousand numbers each, so
 * that a column of a million is read in milliseconds, where a million rows take seconds. A number never set is
 * zero. Columns are written inside a transaction of the caller's, by `save`.
 */
export interface Column<A extends Packed> {
  readonly code: number
  readonly make: (length: number) => A
}
export type Packed = Uint8Array | Uint16Array | Uint32Array | Float64Array

const bytes = (code: number): Column<Uint8Array> => ({ code, make: length => new Uint8Array(length) })
const shorts = (code: number): Column<Uint16Array> => ({ code, make: length => new Uint16Array(length) })
const words = (code: number): Column<Uint32Array> => ({ code, make: length => new Uint32Array(length) })
const numbers = (code: number): Column<Float64Array> => ({ code, make: length => new Float64Array(length) })

/** By number of a source's user or group. */
export const NODE = {
  kind: bytes(1),
  live: bytes(2),
  source: shorts(3),
  hash: numbers(4),
  idKey: numbers(5),
  membersHash: numbers(6),
}
/** By number at the target, a column for each target. */
export const AT = {
  kind: bytes(16),
  live: bytes(17),
  active: bytes(18),
  docHash: numbers(19),
  hash: numbers(20),
  name: numbers(21),
  mail: numbers(22),
  external: numbers(23),
  idKey: numbers(24),
  /** -1 where the target does not show members. */
  membersHash: numbers(25),
  memberCount: words(26),
}
/** By number of a source's user, a column for each target: what it was mapped to, and from which document. */
export const MAPPED_TO = {
  from: numbers(32),
  scope: words(33),
  state: shorts(34),
  hash: numbers(35),
  settled: numbers(36),
  name: numbers(37),
  mail: numbers(38),
  external: numbers(39),
}
/** By number of a source's user or group, a column for each target. */
export const LINK = { at: words(48), profile: shorts(49) }
/** Ids as texts, of sources and of targets. */
const IDS = { node: 60, at: 61 }

/** Columns that belong to no one target. */
export const SHARED = 0

const CHUNK = 8_192
/** Texts are parsed a whole chunk at a time, so one of theirs holds fewer. */
const IDS_CHUNK = 512
const CODES = 64
const CHUNKS = 2 ** 20

export interface OpenColumn {
  get(num: number): number
  set(num: number, value: number): void
  save(): void
}

/** Ids by number; a number that was never given out has the empty text. */
export interface Ids {
  /** One more than the highest number given out; at least 1, since zero stands for none. */
  next(): number
  at(num: number): string
  /** Held ready from then on. */
  all(): readonly string[]
  set(num: number, id: string): void
  save(): void
}

export interface Columns {
  /** A whole column, or as much of it as `length` numbers are. */
  load<A extends Packed>(column: Column<A>, owner: number, length: number): A
  open(column: Column<Packed>, owner: number): OpenColumn
  drop(column: Column<Packed>, owner: number): void
  ids(of: keyof typeof IDS): Ids
}

export function columns(db: DatabaseSync): Columns {
  const range = db.prepare('SELECT key, data FROM c_column WHERE key BETWEEN ? AND ?')
  const one = db.prepare('SELECT data FROM c_column WHERE key = ?')
  const put = db.prepare('INSERT OR REPLACE INTO c_column (key, data) VALUES (?, ?)')
  const remove = db.prepare('DELETE FROM c_column WHERE key BETWEEN ? AND ?')
  const last = db.prepare('SELECT MAX(key) AS key FROM c_column WHERE key BETWEEN ? AND ?')
  const first = (code: number, owner: number) => (owner * CODES + code) * CHUNKS
  const blob = (key: number): Uint8Array | undefined => {
    const data = one.get(key)?.['data']
    return data instanceof Uint8Array ? data : undefined
  }

  return {
    load({ code, make }, owner, length) {
      const from = first(code, owner)
      const packed = make(length)
      const all = bytesOf(packed)
      for (const [key, data] of rows(range, from, from + CHUNKS - 1)) {
        const at = (Number(key) - from) * CHUNK * packed.BYTES_PER_ELEMENT
        if (data instanceof Uint8Array && at < all.length) all.set(data.subarray(0, all.length - at), at)
      }
      return packed
    },

    open({ code, make }, owner) {
      const from = first(code, owner)
      const chunks = new Map<number, Packed>()
      const dirty = new Set<number>()
      let current = -1
      let at: Packed = make(0)
      const turnTo = (chunk: number): Packed => {
        if (chunk === current) return at
        let packed = chunks.get(chunk)
        if (!packed) {
          packed = make(CHUNK)
          const stored = blob(from + chunk)
          if (stored) bytesOf(packed).set(stored)
          chunks.set(chunk, packed)
        }
        ;[current, at] = [chunk, packed]
        return packed
      }
      return {
        get: num => turnTo(Math.floor(num / CHUNK))[num % CHUNK]!,
        set(num, value) {
          const chunk = Math.floor(num / CHUNK)
          const packed = turnTo(chunk)
          if (packed[num % CHUNK] === value) return
          packed[num % CHUNK] = value
          dirty.add(chunk)
        },
        save() {
          for (const chunk of dirty) put.run(from + chunk, bytesOf(chunks.get(chunk)!))
          dirty.clear()
        },
      }
    },

    drop({ code }, owner) {
      remove.run(first(code, owner), first(code, owner) + CHUNKS - 1)
    },

    ids(of) {
      const from = first(IDS[of], SHARED)
      const open = new Map<number, string[]>()
      const dirty = new Set<number>()
      let whole: string[] | undefined
      const turnTo = (chunk: number): string[] => {
        let ids = open.get(chunk)
        if (!ids) {
          ids = parseIds(blob(from + chunk))
          open.set(chunk, ids)
          for (const [other] of open) {
            if (open.size <= OPEN_CHUNKS) break
            if (!dirty.has(other) && other !== chunk) open.delete(other)
          }
        }
        return ids
      }
      return {
        next() {
          const key = last.get(from, from + CHUNKS - 1)?.['key']
          if (typeof key !== 'number') return 1
          return (key - from) * IDS_CHUNK + parseIds(blob(key)).length
        },
        at: num => (whole ?? turnTo(Math.floor(num / IDS_CHUNK)))[whole ? num : num % IDS_CHUNK] ?? '',
        all() {
          if (whole) return whole
          open.clear()
          const ids: string[] = []
          for (const [key, data] of rows(range, from, from + CHUNKS - 1)) {
            while (ids.length < (Number(key) - from) * IDS_CHUNK) ids.push('')
            for (const id of parseIds(data)) ids.push(id)
          }
          whole = ids
          return ids
        },
        set(num, id) {
          whole = undefined
          const chunk = Math.floor(num / IDS_CHUNK)
          const ids = turnTo(chunk)
          while (ids.length <= num % IDS_CHUNK) ids.push('')
          ids[num % IDS_CHUNK] = id
          dirty.add(chunk)
        },
        save() {
          for (const chunk of dirty) put.run(from + chunk, Buffer.from(JSON.stringify(open.get(chunk))))
          dirty.clear()
        },
      }
    },
  }
}

/** Parsed chunks of ids kept at hand while ids are asked for one by one. */
const OPEN_CHUNKS = 1_024

function parseIds(data: unknown): string[] {
  if (!(data instanceof Uint8Array)) return []
  return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()) as string[]
}

function bytesOf(packed: Packed): Uint8Array {
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength)
}
