/** Records in order of arrival, by id and by position. Adding, replacing and removing take the same time however many there are. */
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
  let order: string[] = []
  return {
    get size() {
      return records.size
    },
    get: id => records.get(id),
    set(record) {
      if (!records.has(record.id)) order.push(record.id)
      records.set(record.id, record)
    },
    delete(id) {
      records.delete(id)
    },
    slice(from, count) {
      // Ids are never given twice, so that what was removed is what is not known.
      if (order.length !== records.size) order = order.filter(id => records.has(id))
      return order.slice(from, from + count).flatMap(id => records.get(id) ?? [])
    },
    all: () => records.values(),
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
