import { RollcallError } from '../../src/errors.ts'
import { entries } from './client.ts'
import type { Session } from './session.ts'

const ATTEMPTS = 3

/**
 * All values of an attribute of which the server gives a range at a time (Active Directory: 1 500), asked for until it
 * says that a range is the last, with steps as long as it gives them. When the entry changes on the way it is read
 * again from the start, three times at most. `value` is told each of them; `again` that those so far do not count.
 */
export async function readRanges(
  { connection, paging, asked }: Session,
  dn: string,
  attribute: string,
  tell: { readonly value: (bytes: Buffer, start: number, end: number) => void; readonly again: () => void },
): Promise<void> {
  const asking = asked(`the ${attribute} values of a group`)
  const slots = [
    { name: attribute, as: 'text', each: true },
    { name: 'uSNChanged', as: 'text' },
  ] as const
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    tell.again()
    let from = 0
    let version: string | undefined
    for (;;) {
      let count = 0
      const search = { base: dn, scope: 'base', filter: '(objectClass=*)' } as const
      const attributes = [`${attribute};range=${from}-*`, 'uSNChanged']
      const [entry] = await entries(
        connection,
        { ...search, attributes },
        paging.idle,
        asking,
        slots,
        (_, bytes, start, end) => {
          count++
          tell.value(bytes, start, end)
        },
      )
      const now = entry?.values[1]?.[0]
      const changed = from > 0 && now !== version
      version = now
      const range = entry?.ranges[0]
      // Without a range it has given all there is, which is not nothing.
      if (!entry || changed || (!range && (from > 0 || count === 0))) break
      if (!range || range.to === undefined) return
      if (range.from !== from || range.to !== from + count - 1) {
        throw new RollcallError(
          'source_incomplete',
          `${asking.what}: the server says ${range.from} to ${range.to} and gives ${count} from ${from}; nothing of it will be removed; run again later.`,
        )
      }
      from += count
    }
  }
  throw new RollcallError(
    'source_incomplete',
    `${asking.what}: they changed while they were read, ${ATTEMPTS} times; nothing of it will be removed; run again later.`,
  )
}
