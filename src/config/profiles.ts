import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Checked, type Fault, suggestion } from '../profile/document.ts'
import { type ParsedProfile, parseProfile } from '../profile/load.ts'
import { nameShape } from './shape.ts'

/** One file of `profiles/`; `profile` is undefined where it is at fault. */
export interface ProfileFile {
  readonly name: string
  /** `profiles/NAME.yaml`, whatever folder that is in: it stands in plans. */
  readonly file: string
  readonly profile: ParsedProfile | undefined
}

interface Found {
  readonly files: readonly ProfileFile[]
  readonly faults: readonly Fault[]
}

/** Every profile beside `rollcall.yaml`, by file name, read and parsed. */
export async function readProfiles(folder: string): Promise<Found> {
  const files: ProfileFile[] = []
  const faults: Fault[] = []
  for (const base of await yamlFiles(join(folder, 'profiles'))) {
    const [name, file] = [base.replace(/\.ya?ml$/, ''), `profiles/${base}`]
    const fault = (message: string) => faults.push({ file, line: 1, column: 1, message })
    const twin = files.find(other => other.name === name)
    if (!nameShape.safeParse(name).success) {
      fault('the name of a profile is that of its file and has letters, digits, - and _, up to 60 of them; rename it')
    } else if (twin !== undefined) fault(`this profile has the name of ${twin.file}; rename one of the two`)
    try {
      const text = await readFile(join(folder, file), 'utf8')
      const { profile, faults: own } = parseProfile(file, name, text)
      faults.push(...own)
      if (twin === undefined) files.push({ name, file, profile })
    } catch (thrown) {
      if (!isSystemError(thrown)) throw thrown
      fault(`the file cannot be read (${thrown.code}); make it readable for who runs rollcall`)
    }
  }
  return { files, faults }
}

/** In the order of `profiles:` where it is given, else of file names; what is missing on either side is a fault. */
export function inOrder(
  files: readonly ProfileFile[],
  listed: readonly string[] | undefined,
  at: Checked<unknown>['at'],
): Found {
  if (listed === undefined) {
    if (files.length > 0) return { files, faults: [] }
    const message = 'there is no profile; write one into profiles/ beside this file, NAME.yaml'
    return { files, faults: [{ ...at([]), message }] }
  }
  const names = files.map(({ name }) => name)
  const wrong = listed.flatMap((name, index): Fault[] => {
    const place = at(['profiles', index])
    if (listed.indexOf(name) < index) return [{ ...place, message: `${name} stands in the list twice; remove one` }]
    if (names.includes(name)) return []
    const near = suggestion(name, names)
    const now = near === undefined ? `write profiles/${name}.yaml, or remove it from the list` : `did you mean ${near}?`
    return [{ ...place, message: `there is no profile ${name}; ${now}` }]
  })
  const unlisted = names.filter(name => !listed.includes(name))
  const missing = unlisted.map((name): Fault => {
    const message = `${name} is missing in the list, and profiles/ has it; say here where it ranks, or move the file away`
    return { ...at(['profiles'], 'key'), message }
  })
  const ordered = [...new Set(listed)].flatMap(name => files.find(file => file.name === name) ?? [])
  return { files: [...ordered, ...files.filter(({ name }) => unlisted.includes(name))], faults: [...wrong, ...missing] }
}

async function yamlFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter(entry => !entry.isDirectory() && /^[^.].*\.ya?ml$/.test(entry.name))
      .map(entry => entry.name)
      .sort()
  } catch (thrown) {
    if (isSystemError(thrown) && thrown.code === 'ENOENT') return []
    throw thrown
  }
}

function isSystemError(thrown: unknown): thrown is Error & { readonly code: string } {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
}
