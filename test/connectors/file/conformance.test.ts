import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { file } from '../../../connectors/file/index.ts'
import type { FileOptions } from '../../../connectors/file/options.ts'
import { conformance, type Directory, type Opened, type Traits } from '../../conformance.ts'
import { csv, json, ldif, type Written } from '../../support/written.ts'

const NAMES = { mail: 'mail', title: 'title', description: 'description' }

conformance('files, CSV', {
  names: NAMES,
  open: opener(of => ({ ...csv(of) }), { users: 'users', groups: 'groups', members: 'members' }),
})
conformance('file, JSON', { names: NAMES, open: opener(of => ({ 'd.json': json(of) }), { path: 'd.json' }) })
conformance('file, LDIF', { names: NAMES, open: opener(of => ({ 'd.ldif': ldif(of) }), { path: 'd.ldif' }) })

/** Writes the files that `write` gives by name into a folder of their own; one that breaks off is half as long. */
function opener(write: (directory: Written) => Record<string, string>, given: FileOptions): Traits['open'] {
  return async (directory, { breaksOff }): Promise<Opened> => {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-'))
    for (const [name, text] of Object.entries(write(written(directory)))) {
      await writeFile(join(folder, name), breaksOff ? text.slice(0, text.length / 2 + 3) : text)
    }
    return {
      source: file.open(file.options.parse(given), { name: 'hq', folder }),
      state: async () =>
        Promise.all(
          (await readdir(folder)).map(async name => [
            name,
            (await stat(join(folder, name))).mtimeMs,
            await readFile(join(folder, name), 'utf8'),
          ]),
        ),
      close: () => rm(folder, { recursive: true }),
    }
  }
}

function written({ users, groups }: Directory): Written {
  return {
    users: users.map(({ id, enabled, name, mail, title }) => ({
      id,
      enabled,
      name,
      attributes: { mail, ...(title !== undefined && { title }) },
    })),
    groups: groups.map(({ id, name, description, members }) => ({
      id,
      name,
      attributes: description === undefined ? {} : { description },
      members,
    })),
  }
}
