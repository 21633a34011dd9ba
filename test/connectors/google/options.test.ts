import { describe, expect, test } from 'vitest'
import { google } from '../../../connectors/google/index.ts'
import { options } from '../../../connectors/google/options.ts'

const USUAL = { admin: 'reader@example.com', credential: { key: { file: 'key.json' } } }
const faults = (given: object) =>
  options.safeParse(given).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []

describe('what a source may be configured to', () => {
  test.each([
    [{}],
    [{ customer: 'C01abc23d' }],
    [{ credential: { keyless: 'reader@example-project.iam.gserviceaccount.com' } }],
    [{ credential: { adminRole: { env: 'KEY' } }, admin: undefined }],
    [{ endpoints: { admin: 'http://127.0.0.1:8080/', token: 'http://localhost:8080/token', iam: 'http://[::1]' } }],
    [{ orgUnits: ['/', '/Sales', '/Sales/Tokyo West'] }],
    [{ schemas: { Employment: { timezone: 'text', skills: 'list', level: 'number', remote: 'boolean' } } }],
    [{ requestsPerMinute: 600, concurrency: 4, query: "orgDepartment='Sales'" }],
    [{ tls: { ca: 'ca.pem' }, proxy: 'http://proxy.example.com:3128' }],
  ])('%j', more => {
    expect(faults({ ...USUAL, ...more })).toEqual([])
  })

  test.each([
    [{ admin: undefined }, /^admin: is missing: name the administrator/],
    [{ credential: { adminRole: { env: 'KEY' } } }, /^admin: goes with delegation/],
    [{ credential: { key: 'plain' } }, /^credential/],
    [{ credential: undefined }, /^credential: say \{ key: SECRET \}/],
    [{ customer: 'example.com' }, /^customer: a customer is its id/],
    [{ domain: 'example.com' }, /domain/],
    [{ endpoints: { admin: 'http://admin.example.com' } }, /^endpoints.admin: this address is not encrypted/],
    [{ endpoints: { token: 'https://me:secret@example.com/token' } }, /^endpoints.token: a credential in an address/],
    [{ endpoints: { iam: 'nowhere' } }, /^endpoints.iam: this is no address/],
    [{ orgUnits: ['Sales'] }, /^orgUnits.0: an organisational unit is its path/],
    [{ orgUnits: ['/Sales/'] }, /^orgUnits.0: an organisational unit is its path/],
    [{ orgUnits: [] }, /^orgUnits/],
    [{ schemas: { Employment: { timezone: 'string' } } }, /^schemas.Employment.timezone/],
    [{ schemas: { 'One,Two': { a: 'text' } } }, /^schemas.One,Two: has a comma/],
    [{ tls: { startTls: true } }, /^tls.startTls: is for LDAP/],
    [{ proxy: 'http://me:secret@proxy' }, /^proxy: a proxy is/],
    [{ requestsPerMinute: 1 }, /^requestsPerMinute/],
  ])('%j is refused', (more, message) => {
    expect(faults({ ...USUAL, ...more }).join('\n')).toMatch(message)
  })
})

test('left out, the customer is that of the administrator, and Google is where it always is', () => {
  const { customer, endpoints, requestsPerMinute } = options.parse(USUAL)
  expect({ customer, endpoints, requestsPerMinute }).toEqual({
    customer: 'my_customer',
    endpoints: {
      admin: 'https://admin.googleapis.com',
      token: 'https://oauth2.googleapis.com/token',
      iam: 'https://iamcredentials.googleapis.com',
    },
    requestsPerMinute: 2_400,
  })
})

test('the properties of the API may be named, what is picked out of them, and the custom schemas that are declared', async () => {
  const place = { name: 'hq', folder: '/' }
  const plain = await google.attributes(options.parse(USUAL), place)
  expect([plain.caseInsensitive, plain.closed]).toEqual([false, true])
  expect(plain.user).toMatchObject({ primaryEmail: 'text', aliases: 'list', suspended: 'boolean', givenName: 'text' })
  expect(plain.user['organizations']).toMatchObject({ listOf: { object: { title: 'text', primary: 'boolean' } } })
  expect(plain.user).not.toHaveProperty('customSchemas')
  expect(plain.group).toMatchObject({ email: 'text', description: 'text' })
  for (const names of [plain.user, plain.group].map(one => Object.keys(one)))
    expect(names.filter(name => ['id', 'name', 'enabled', 'password'].includes(name))).toEqual([])
  const schemas = { Employment: { timezone: 'text' } }
  expect((await google.attributes(options.parse({ ...USUAL, schemas }), place)).user['customSchemas']).toEqual({
    object: { Employment: { object: { timezone: 'text' } } },
  })
})
