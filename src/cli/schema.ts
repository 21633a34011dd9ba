import * as z from 'zod'
import { connectors } from '../../connectors/index.ts'
import { configShape } from '../config/shape.ts'
import { profileShape } from '../profile/load.ts'
import { dialectShape } from '../scim/dialect.ts'
import type { Invocation } from './invocation.ts'

/** Prints the JSON Schema of a config, a profile or a dialect file, for editors. */
export async function schema({ print }: Invocation, what: 'config' | 'profile' | 'dialect'): Promise<number> {
  const title = { config: 'rollcall.yaml', profile: 'A profile of rollcall', dialect: 'A dialect of rollcall' }[what]
  const { $schema, ...rest } = z.toJSONSchema(await shapeOf(what), { io: 'input' })
  await print(`${JSON.stringify({ $schema, title, ...rest }, undefined, 2)}\n`)
  return 0
}

async function shapeOf(what: 'config' | 'profile' | 'dialect'): Promise<z.ZodType> {
  switch (what) {
    case 'config': {
      const all = await Promise.all(Object.values(connectors).map(load => load()))
      return configShape(all, () => '')
    }
    case 'profile':
      return profileShape
    case 'dialect':
      return dialectShape
  }
}
