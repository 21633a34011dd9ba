import fc from 'fast-check'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { RollcallError } from '../../src/errors.ts'
import { company, faults, load, PROFILE, refusal, ROLLCALL } from './company.ts'

test('a config is loaded with what its files leave out, and asks for no secret', async () => {
  const folder = company()
  const config = await load(folder)
  expect([...config.sources.keys()]).toEqual(['hq'])
  expect(config.stateFolder).toBe(join(folder, 'state'))
  expect(config.planAge).toBe(86_400_000)
  expect(config.limits).toEqual({})
  expect(config.targets.get('atlassian')).toMatchObject({
    name: 'atlassian',
    url: 'https://api.example.com/scim/directory/1',
    dialect: { name: 'atlassian', groups: { rename: 'never' } },
    protect: { users: [], groups: [] },
  })
  expect(config.profiles.map(({ name, file, source }) => ({ name, file, source }))).toEqual([
    { name: 'staff', file: 'profiles/staff.yaml', source: 'hq' },
  ])
})

test('the state stands beside the config unless it says where', async () => {
  const folder = company({ 'config/rollcall.yaml': ROLLCALL.replace('state: ../state\n', '') })
  expect((await load(folder)).stateFolder).toBe(join(folder, 'config/state'))
})

test('limits, the age of plans and who is protected are read', async () => {
  const text = `${ROLLCALL}    protect: { users: [breakglass@example.com] }
limits: { deactivate-user: 2.5%, delete-user: 3, floor: 20 }
planAge: 90m
`
  const config = await load(company({ 'config/rollcall.yaml': text }))
  expect(config.limits).toEqual({ 'deactivate-user': { percent: 2.5 }, 'delete-user': { count: 3 }, floor: 20 })
  expect(config.planAge).toBe(90 * 60_000)
  expect(config.targets.get('atlassian')?.protect).toEqual({ users: ['breakglass@example.com'], groups: [] })
})

test.each([
  ['by file name where the config does not say', '', ['amer', 'apac', 'staff']],
  ['as listed where it does', 'profiles: [staff, apac, amer]\n', ['staff', 'apac', 'amer']],
])('profiles come %s', async (_, line, order) => {
  const files = { 'config/profiles/apac.yml': PROFILE, 'config/profiles/amer.yaml': PROFILE }
  const config = await load(company({ ...files, 'config/rollcall.yaml': ROLLCALL + line }))
  expect(config.profiles.map(({ name }) => name)).toEqual(order)
})

test('what else lies in profiles/ is no profile', async () => {
  const files = {
    'config/profiles/README.md': '#',
    'config/profiles/.#staff.yaml': ':',
    'config/profiles/staff.yaml~': ':',
  }
  expect((await load(company(files))).profiles).toHaveLength(1)
})

test('the faults of all files are told at once, each at its line and column, and counted', async () => {
  const error = await refusal({
    'config/rollcall.yaml': ROLLCALL.replace('state:', 'stat:'),
    'config/profiles/staff.yaml': PROFILE.replace('user.displayName', 'user.displayNmae').replace('scope', 'scpoe'),
    'config/profiles/amer.yaml': PROFILE.replace('user.displayName', 'user.displayNmae'),
  })
  expect(error.message.split('\n')).toEqual([
    'wrong configuration:',
    'config/profiles/amer.yaml:8:24: the source has no attribute displayNmae for a user; did you mean displayName?',
    'config/profiles/staff.yaml:4:1: there is no scpoe here; did you mean scope?',
    'config/rollcall.yaml:2:1: there is no stat here; did you mean state?',
    '3 faults in 3 files.',
  ])
})

test('a source at fault hides no fault of what does not depend on it', async () => {
  const text = ROLLCALL.replace('sources:\n', 'sources:\n  tokyo: { connector: file, path: x.txt }\n')
  const profile = PROFILE.replace('lower(user.mail)', 'lower(user.male)')
  expect(
    await faults({
      'config/rollcall.yaml': text,
      'config/profiles/staff.yaml': profile,
      'config/profiles/tokyo.yaml': profile.replace('hq', 'tokyo').replace('atlassian', 'atlasian'),
    }),
  ).toEqual([
    expect.stringMatching(/^config\/profiles\/staff\.yaml:6:27: the source has no attribute male for a user/),
    'config/profiles/tokyo.yaml:3:9: there is no target atlasian; did you mean atlassian?',
    expect.stringMatching(/^config\/rollcall\.yaml:4:35: path must end in \.json or \.ldif/),
  ])
})

test('a source or target that the config does not have is a fault of the profile', async () => {
  const profile = PROFILE.replace('source: hq', 'source: hk').replace('target: atlassian', 'target: slack')
  expect(await faults({ 'config/profiles/staff.yaml': profile })).toEqual([
    'config/profiles/staff.yaml:2:9: there is no source hk; did you mean hq?',
    'config/profiles/staff.yaml:3:9: there is no target slack; name one that rollcall.yaml has (atlassian)',
  ])
})

test('the list of profiles and the folder must agree', async () => {
  const files = {
    'config/rollcall.yaml': `${ROLLCALL}profiles: [stff, emea, stff]\n`,
    'config/profiles/emea.yml': PROFILE,
    'config/profiles/emea.yaml': PROFILE,
    'config/profiles/a b.yaml': PROFILE,
  }
  expect(await faults(files)).toEqual([
    expect.stringMatching(/^config\/profiles\/a b\.yaml:1:1: the name of a profile is that of its file/),
    'config/profiles/emea.yml:1:1: this profile has the name of profiles/emea.yaml; rename one of the two',
    expect.stringMatching(/^config\/rollcall\.yaml:11:1: a b is missing in the list/),
    expect.stringMatching(/^config\/rollcall\.yaml:11:1: staff is missing in the list, and profiles\/ has it/),
    'config/rollcall.yaml:11:12: there is no profile stff; did you mean staff?',
    'config/rollcall.yaml:11:24: stff stands in the list twice; remove one',
  ])
})

test('a config without profiles does nothing, and so is at fault', async () => {
  expect(await faults({ 'config/profiles/staff.yaml': '' })).toEqual([
    'config/rollcall.yaml:1:1: there is no profile; write one into profiles/ beside this file, NAME.yaml',
  ])
})

test('a file that a source should tell its attributes from is missed at the line of the source', async () => {
  expect(await faults({ 'data/users.csv': '' })).toEqual([
    expect.stringMatching(/^config\/rollcall\.yaml:4:3: source "hq": .*users\.csv is not there/),
  ])
})

test('a source that no profile reads is not asked for its attributes', async () => {
  const text = ROLLCALL.replace('sources:\n', 'sources:\n  old: { connector: file, users: gone.csv }\n')
  expect([...(await load(company({ 'config/rollcall.yaml': text }))).sources.keys()]).toEqual(['old', 'hq'])
})

test('only connectors that the config names are loaded', async () => {
  const loaded: string[] = []
  const { connectors } = await import('../../connectors/index.ts')
  const { loadDialect } = await import('../../src/scim/dialect.ts')
  const watched = Object.entries(connectors).map(([kind, loader]) => [
    kind,
    () => {
      loaded.push(kind)
      return loader()
    },
  ])
  const folder = company()
  const file = join(folder, 'config/rollcall.yaml')
  await loadConfig({ file, cwd: folder, connectors: Object.fromEntries(watched), loadDialect })
  expect(loaded).toEqual(['file'])
})

test('a dialect file stands beside the config, and its faults are told at their own place', async () => {
  const text = ROLLCALL.replace('dialect: atlassian', 'dialect: ./own.yaml')
  const own = { 'config/rollcall.yaml': text, 'config/own.yaml': 'name: own\nconcurrency: 2\n' }
  expect((await load(company(own))).targets.get('atlassian')?.dialect).toMatchObject({ name: 'own', concurrency: 2 })
  expect(await faults({ ...own, 'config/own.yaml': 'name: own\nconcurency: 2\n' })).toEqual([
    expect.stringMatching(/^config\/own\.yaml:2:1: concurency/),
  ])
})

test('a dialect that is neither built in nor a file is a fault where it is named', async () => {
  const text = ROLLCALL.replace('dialect: atlassian', 'dialect: atlasian')
  expect(await faults({ 'config/rollcall.yaml': text })).toEqual([
    expect.stringMatching(/^config\/rollcall\.yaml:8:14: dialect atlasian is neither built in nor a file/),
  ])
})

test.each([
  ['config/other.yaml', /other\.yaml cannot be read; correct -c, or let `rollcall init` write/],
  ['config', /config cannot be read/],
])('%s is no config to load', async (file, message) => {
  await expect(load(company(), file)).rejects.toMatchObject({ code: 'config_invalid', message })
})

test('paths in messages start from where the command runs, and are whole for what is outside', async () => {
  const folder = company({ 'config/profiles/staff.yaml': 'version: 1\n' })
  const { connectors } = await import('../../connectors/index.ts')
  const { loadDialect } = await import('../../src/scim/dialect.ts')
  const file = join(folder, 'config/rollcall.yaml')
  const told = (cwd: string) =>
    loadConfig({ file, cwd, connectors, loadDialect }).catch((thrown: unknown) => String(thrown).split('\n')[1])
  expect(await told(join(folder, 'config'))).toMatch(/^profiles\/staff\.yaml:1:1: /)
  expect(await told(join(folder, 'data'))).toMatch(`${join(folder, 'config/profiles/staff.yaml')}:1:1: `)
})

test.each([
  ['an alias', 'x: &a [1]\ny: *a\n', /alias|anchor/],
  ['a bomb of aliases', 'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n', /alias|anchor/],
  ['a key that reaches behind objects', '__proto__: { state: /tmp }\n', /__proto__ is not taken as a key/],
  ['a tag', 'state: !!binary aGk=\n', /:11:|:2:/],
  ['a key given twice', 'version: 1\n', /version stands here a second time/],
  ['a second document', '---\nversion: 1\n', /a second document starts here/],
  ['nesting without end', `x: ${'['.repeat(5_000)}${']'.repeat(5_000)}\n`, /nested deeper/],
])('%s is refused', async (_, line, message) => {
  expect((await faults({ 'config/rollcall.yaml': ROLLCALL + line })).join('\n')).toMatch(message)
})

test('whatever stands in the files, loading ends with a config or with faults', async () => {
  const words = fc.constantFrom(
    'sources:',
    'hq:',
    '  hq: ',
    '{',
    '}',
    '[',
    ']',
    'connector: file',
    ': ',
    '\n',
    '- ',
    '1',
    'null',
    '"',
    '${',
    '__proto__',
    '&a',
    '*a',
    '!',
  )
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.array(words, { maxLength: 25 }).map(all => all.join('')),
    fc
      .tuple(fc.nat(ROLLCALL.length), fc.nat(20), fc.string({ maxLength: 8 }))
      .map(([at, cut, put]) => ROLLCALL.slice(0, at) + put + ROLLCALL.slice(at + cut)),
  )
  const folder = company()
  const { writeFile } = await import('node:fs/promises')
  const ending = async (content: string): Promise<unknown> => {
    await writeFile(join(folder, 'config/rollcall.yaml'), content)
    return load(folder).then(
      () => 'a config',
      (thrown: unknown) =>
        thrown instanceof RollcallError && / faults? in \d files?\.$/.test(thrown.message) ? thrown.code : thrown,
    )
  }
  await fc.assert(
    fc.asyncProperty(text, async content => {
      expect(['a config', 'config_invalid']).toContain(await ending(content))
    }),
    { numRuns: 300 },
  )
})
