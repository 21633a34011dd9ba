import { describe, expect, test } from 'vitest'
import { linkOf } from '../../../connectors/entra/pages.ts'

const GRAPH = { origin: 'https://graph.microsoft.com' }
const USERS = '/v1.0/users?$select=id&$top=999'

describe('links onwards', () => {
  test.each([
    ['https://graph.microsoft.com/v1.0/users?$skiptoken=a%2Bb%3D', USERS, '/v1.0/users?$skiptoken=a%2Bb%3D'],
    ['https://GRAPH.microsoft.com:443/v1.0/Users/?$skiptoken=a', USERS, '/v1.0/Users/?$skiptoken=a'],
    [
      "https://graph.microsoft.com/v1.0/groups('b1')/members?$skiptoken=a",
      '/v1.0/groups/b1/members?$select=id',
      "/v1.0/groups('b1')/members?$skiptoken=a",
    ],
    [
      'https://graph.microsoft.com/v1.0/groups/microsoft.graph.delta()?$deltatoken=a',
      '/v1.0/groups/delta',
      '/v1.0/groups/microsoft.graph.delta()?$deltatoken=a',
    ],
  ])('%s leads on', (link, start, path) => {
    expect(linkOf(link, start, GRAPH)).toEqual({ answer: path })
  })

  test.each([
    [
      'https://graph.microsoft.com.example.org/v1.0/users?$skiptoken=a',
      'another place (graph.microsoft.com.example.org)',
    ],
    ['http://graph.microsoft.com/v1.0/users?$skiptoken=a', 'another place (graph.microsoft.com)'],
    ['https://graph.microsoft.com:8443/v1.0/users?$skiptoken=a', 'another place (graph.microsoft.com:8443)'],
    ['https://graph.microsoft.com@example.org/v1.0/users', 'another place (example.org)'],
    ['https://graph.microsoft.com/v1.0/groups?$skiptoken=a', 'something else'],
    ['https://graph.microsoft.com/beta/users?$skiptoken=a', 'something else'],
    ['https://graph.microsoft.com/v1.0/users/../groups?$skiptoken=a', 'something else'],
    ['/v1.0/users?$skiptoken=a', 'that is none'],
  ])('%s does not', (link, why) => {
    expect(linkOf(link, USERS, GRAPH)).toEqual({ fault: expect.stringContaining(why) })
  })
})
