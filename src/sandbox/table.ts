/** Records in order of arrival, by id and by position. */
export interface Table<R extends { readonly id: string }> {
  readonly size: number
  get(id: string): R | undefined
  set(record: R): void
  delete(id: string): void
  /** At most `count` records from this position on, 0-based. */
  slice(from: number, count: number): R[]
  all(): Iterable<R>
}

export function table<R extends { readonly id: string }>(): Table<R> {
  const records = new Map<string, R>()
  const order = sequence()
  return {
    get size() {
      return records.size
    },
    get: id => records.get(id),
    set(record) {
      order.add(record.id)
      records.set(record.id, record)
    },
    delete(id) {
      order.delete(id)
      records.delete(id)
    },
    slice: (from, count) => order.slice(from, count).flatMap(id => records.get(id) ?? []),
    all: () => records.values(),
  }
}

/** Some ids of a sequence, one after another. */
export interface Stretch {
  readonly ids: readonly string[]
}

/** Ids in order of arrival. Adding and removing touch one stretch, and a slice costs little beside what it holds. */
export interface Sequence {
  readonly size: number
  has(id: string): boolean
  add(id: string): void
  delete(id: string): void
  /** What this id stands for has changed: its stretch is another one from now on. */
  touch(id: string): void
  slice(from: number, count: number): string[]
  /** In order; another object after every change of what is in it. */
  stretches(): readonly Stretch[]
  [Symbol.iterator](): Iterator<string>
}

const STRETCH = 512

export function sequence(): Sequence {
  /** Where an id stands: the stretches are numbered, and a number is not given twice. */
  const places = new Map<string, number>()
  const stretches = new Map<number, Stretch>()
  let last = 0
  return {
    get size() {
      return places.size
    },
    has: id => places.has(id),
    add(id) {
      if (places.has(id)) return
      const open = stretches.get(last)?.ids ?? []
      if (open.length >= STRETCH) last += 1
      stretches.set(last, { ids: open.length >= STRETCH ? [id] : [...open, id] })
      places.set(id, last)
    },
    delete(id) {
      const place = places.get(id)
      const ids = place === undefined ? undefined : stretches.get(place)?.ids
      if (place === undefined || ids === undefined) return
      places.delete(id)
      if (ids.length === 1) stretches.delete(place)
      else stretches.set(place, { ids: ids.filter(one => one !== id) })
    },
    touch(id) {
      const place = places.get(id)
      const stretch = place === undefined ? undefined : stretches.get(place)
      if (place !== undefined && stretch !== undefined) stretches.set(place, { ...stretch })
    },
    slice(from, count) {
      const found: string[] = []
      let passed = 0
      for (const { ids } of stretches.values()) {
        if (found.length >= count) break
        if (passed + ids.length > from) {
          const start = Math.max(0, from - passed)
          found.push(...ids.slice(start, start + count - found.length))
        }
        passed += ids.length
      }
      return found
    },
    stretches: () => [...stretches.values()],
    [Symbol.iterator]: () => places.keys(),
  }
}

/** Which ids stand under a key; nearly always one. */
export interface Index {
  get(key: string): readonly string[]
  add(key: string, id: string): void
  remove(key: string, id: string): void
}

export function index(): Index {
  const ids = new Map<string, string | readonly string[]>()
  const listed = (key: string): readonly string[] => {
    const found = ids.get(key)
    return found === undefined ? [] : typeof found === 'string' ? [found] : found
  }
  return {
    get: listed,
    add(key, id) {
      const known = listed(key)
      ids.set(key, known.length === 0 ? id : [...known, id])
    },
    remove(key, id) {
      const left = listed(key).filter(one => one !== id)
      if (left.length === 0) ids.delete(key)
      else ids.set(key, left)
    },
  }
}
